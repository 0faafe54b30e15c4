import { Client, Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { Principal } from '@sanwang/identity';
import type { Call, MessageOf, ProtoMethod, ProtoService } from './api.ts';
import type { Endpoint } from './endpoint.ts';
import { toRejection } from './errors.ts';
import { decodeStatus } from './grpc-status.ts';
import { grpcPath } from './grpc.ts';

/** What a caller may say beside the request. */
export interface CallOptions {
  readonly idempotencyKey?: string;
  readonly expectedRevision?: number;
  readonly readTokens?: readonly string[];
  readonly correlationId?: string;
  readonly traceparent?: string;
  /** How long to wait for the answer; 10 s when absent. */
  readonly timeoutMs?: number;
  /** gRPC: who calls. In process it is only handed on. */
  readonly token?: string;
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
  clientOf(service, defaults, async (key, method, request, { timeoutMs = 10_000, readTokens = [], correlationId, ...options }) => {
    const call: Call = {
      ...options,
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

const metadataOf = (options: CallOptions): Metadata => {
  const metadata = new Metadata();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) metadata.set(name, value);
  };
  set('authorization', options.token === undefined ? undefined : `Bearer ${options.token}`);
  set('idempotency-key', options.idempotencyKey);
  set('if-match', options.expectedRevision === undefined ? undefined : `"${options.expectedRevision}"`);
  set('sanwang-read-token', options.readTokens?.length ? options.readTokens.join(', ') : undefined);
  set('x-correlation-id', options.correlationId);
  set('traceparent', options.traceparent);
  return metadata;
};

const rejectionOfGrpc = (error: ServiceError): unknown => {
  const details = error.metadata?.get('grpc-status-details-bin')[0];
  return decodeStatus(error.code ?? status.UNKNOWN, error.details, details instanceof Buffer ? details : undefined);
};

/** One connection to a server; `close` it when done. */
export interface GrpcConnection {
  client<Service extends ProtoService>(service: Service, defaults?: CallOptions): ClientOf<Service>;
  close(): void;
}

/** Connects (lazily, and again after a break) to `address`, e.g. `127.0.0.1:8081`. */
export const connectGrpc = (address: string): GrpcConnection => {
  const channel = new Client(address, credentials.createInsecure());
  const send =
    (service: ProtoService): Send =>
    (_key, method, request, options) =>
      new Promise((resolve, reject) => {
        channel.makeUnaryRequest(
          grpcPath(service, method),
          (message: unknown) => Buffer.from(method.requestType.encode(message as never).finish()),
          (bytes: Buffer) => method.responseType.decode(bytes),
          request,
          metadataOf(options),
          { deadline: Date.now() + (options.timeoutMs ?? 10_000) },
          (error, response) => (error ? reject(rejectionOfGrpc(error)) : resolve(response)),
        );
      });
  return {
    client: (service, defaults = {}) => clientOf(service, defaults, send(service)),
    close: () => channel.close(),
  };
};
