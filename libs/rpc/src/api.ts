import type { Principal } from '@sanwang/identity';
import type { z } from 'zod';

/**
 * What travels beside a request, the same in REST, gRPC and in-process calls.
 * `readToken` values are opaque strings of earlier answers: the call waits until the models it reads have caught up with them.
 */
export interface Call {
  readonly principal: Principal;
  /** `sanwang.patrol.v1.PatrolService/PoolTask`. */
  readonly method: string;
  readonly idempotencyKey?: string;
  /** From `If-Match`: the stream revision that the caller saw. */
  readonly expectedRevision?: number;
  readonly readTokens: readonly string[];
  readonly correlationId: string;
  readonly traceparent?: string;
  /** Wall clock, ms since the epoch: after it the caller no longer waits. */
  readonly deadline: number;
  /** The verified token, to be forwarded to another service. */
  readonly token?: string;
}

/** One rpc: a strict zod schema for its request (the only place where constraints are stated), and what it does. */
export interface Handler<Request = unknown, Response = unknown> {
  readonly kind: 'command' | 'query';
  readonly request: z.ZodType<Request>;
  handle(request: Request, call: Call): Promise<Response>;
}

/** Changes something: takes `Idempotency-Key` and `If-Match`, answers id, revision and readToken. */
export const command = <Request, Response>(
  request: z.ZodType<Request>,
  handle: (request: Request, call: Call) => Promise<Response>,
): Handler<Request, Response> => ({ kind: 'command', request, handle });

/** Changes nothing: answers from read models only. */
export const query = <Request, Response>(
  request: z.ZodType<Request>,
  handle: (request: Request, call: Call) => Promise<Response>,
): Handler<Request, Response> => ({ kind: 'query', request, handle });

/** The shape of what ts-proto generates with `outputServices=generic-definitions`. */
export interface ProtoMethod {
  readonly name: string;
  readonly requestType: {
    encode(message: never): { finish(): Uint8Array };
    decode(bytes: Uint8Array): unknown;
    fromPartial(value: never): unknown;
  };
  readonly responseType: {
    encode(message: never): { finish(): Uint8Array };
    decode(bytes: Uint8Array): unknown;
    fromPartial(value: never): unknown;
  };
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}
export interface ProtoService {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, ProtoMethod>>;
}
/** The message type of a codec. */
export type MessageOf<Codec> = Codec extends { decode(...args: never[]): infer Message } ? Message : never;

/** One handler per rpc of a proto service, checked by the compiler: every rpc, and the response's shape. */
export type Handlers<Service extends ProtoService> = {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly [Method in keyof Service['methods']]: Handler<any, MessageOf<Service['methods'][Method]['responseType']>>;
};

export interface Api {
  readonly service: ProtoService;
  readonly handlers: Readonly<Record<string, Handler>>;
}

/** Binds handlers to a proto service. */
export const defineApi = <Service extends ProtoService>(service: Service, handlers: Handlers<Service>): Api => ({
  service,
  handlers: handlers as Readonly<Record<string, Handler>>,
});
