import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { Principal } from '@sanwang/identity';
import { Rejection } from '@sanwang/kernel';
import type { Call, MessageOf, ProtoMethod, ProtoService } from './api.ts';
import type { Endpoint } from './endpoint.ts';
import { toRejection } from './errors.ts';
import { openChannel, type ConnectOptions } from './grpc-channel.ts';
import { grpcPath } from './grpc.ts';
import { withRetries } from './retry.ts';

/** What a caller may say beside the request. */
export interface CallOptions {
  readonly idempotencyKey?: string;
  readonly expectedRevision?: number;
  readonly readTokens?: readonly string[];
  readonly correlationId?: string;
  readonly traceparent?: string;
  /** How long to wait for the answer; 10 s when absent. */
  readonly timeoutMs?: number;
  /** gRPC: who calls, or what gives the token of the moment. In process it is only handed on. */
  readonly token?: string | (() => Promise<string>);
}

/** A typed client of a proto service, the same over gRPC and in process. A call fails with a `Rejection`. */
export type ClientOf<Service extends ProtoService> = {
  readonly [Method in keyof Service['methods']]: (
    request: MessageOf<Service['methods'][Method]['requestType']>,
    options?: CallOptions,
  ) => Promise<MessageOf<Service['methods'][Method]['responseType']>>;
};

type Send = (key: string, method: ProtoMethod, request: unknown, options: CallOptions) => Promise<unknown>;

const clientOf = <Service extends ProtoService>(service: Service, defaults: CallOptions, send: Send): ClientOf<Service> =>
  Object.fromEntries(
    Object.entries(service.methods).map(([key, method]) => [
      key,
      (request: unknown, options: CallOptions = {}) => send(key, method, request, { ...defaults, ...options }),
    ]),
  ) as ClientOf<Service>;

/** Calls an endpoint of this process as `defaults.principal`, through the same checks as a call from outside. */
export const inProcessClient = <Service extends ProtoService>(
  service: Service,
  endpoint: Endpoint,
  defaults: CallOptions & { readonly principal: Principal },
): ClientOf<Service> =>
  clientOf(service, defaults, async (key, method, request, { timeoutMs = 10_000, readTokens = [], correlationId, token, ...options }) => {
    const call: Call = {
      ...options,
      ...(token !== undefined && { token: typeof token === 'string' ? token : await token() }),
      principal: defaults.principal,
      method: `${service.fullName}/${method.name}`,
      readTokens,
      correlationId: correlationId ?? randomUUID(),
      deadline: Date.now() + timeoutMs,
    };
    try {
      return await endpoint.invoke({ service: endpoint.service, method: key, request, call });
    } catch (error) {
      throw toRejection(error);
    }
  });

type Carried = Pick<Call, 'idempotencyKey' | 'expectedRevision' | 'readTokens' | 'correlationId' | 'traceparent' | 'token' | 'deadline'>;

const metadataOf = (call: Carried): Metadata => {
  const metadata = new Metadata();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) metadata.set(name, value);
  };
  set('authorization', call.token === undefined ? undefined : `Bearer ${call.token}`);
  set('idempotency-key', call.idempotencyKey);
  set('if-match', call.expectedRevision === undefined ? undefined : `"${call.expectedRevision}"`);
  set('sanwang-read-token', call.readTokens.length > 0 ? call.readTokens.join(', ') : undefined);
  set('x-correlation-id', call.correlationId);
  set('traceparent', call.traceparent);
  return metadata;
};

const encode = ({ name, requestType }: ProtoMethod, message: unknown): Buffer => {
  try {
    return Buffer.from(requestType.encode(requestType.fromPartial(message as never) as never).finish());
  } catch (cause) {
    throw new Rejection('invalid-argument', 'message-malformed', `The message is not a readable ${name} request.`, { cause });
  }
};

/** One connection to a server, or to the servers behind one name; `close` it when done. */
export interface GrpcConnection {
  /** A client; calls with an idempotency key are tried again while the service is away. */
  client<Service extends ProtoService>(service: Service, defaults?: CallOptions): ClientOf<Service>;
  /** Sends a message (what is missing is as proto says) with what the call carries, until the call's deadline. */
  invoke(
    service: ProtoService,
    method: ProtoMethod,
    message: unknown,
    options: { readonly call: Carried; readonly repeatable: boolean },
  ): Promise<unknown>;
  close(): void;
}

/**
 * Connects (lazily, and again after a break) to a target, e.g. `127.0.0.1:8081` or `dns:///sanwang-patrol:8081`; the calls go
 * round its addresses.
 */
export const connectGrpc = (target: string, options: ConnectOptions = {}): GrpcConnection => {
  const channel = openChannel(target, options);
  const invoke: GrpcConnection['invoke'] = async (service, method, message, { call, repeatable }) => {
    const sent = { path: grpcPath(service, method), request: encode(method, message), deadline: call.deadline };
    const answer = await withRetries(() => channel.unary({ ...sent, metadata: metadataOf(call) }), { repeatable, deadline: call.deadline });
    return method.responseType.decode(answer);
  };
  const send =
    (service: ProtoService): Send =>
    async (_key, method, request, { timeoutMs = 10_000, token, readTokens = [], correlationId, ...options }) =>
      invoke(service, method, request, {
        call: {
          ...options,
          ...(token !== undefined && { token: typeof token === 'string' ? token : await token() }),
          readTokens,
          correlationId: correlationId ?? randomUUID(),
          deadline: Date.now() + timeoutMs,
        },
        repeatable: options.idempotencyKey !== undefined,
      });
  return {
    client: (service, defaults = {}) => clientOf(service, defaults, send(service)),
    invoke,
    close: () => channel.close(),
  };
};
