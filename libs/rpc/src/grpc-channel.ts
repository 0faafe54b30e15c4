import { Client, credentials, status, type ChannelOptions, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { Rejection } from '@sanwang/kernel';
import { deadlineExceeded } from './endpoint.ts';
import { decodeStatus } from './grpc-status.ts';

/** How a client knows the server, and the server the client: PEM. `key` and `cert` only where the server asks for them. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface ConnectOptions {
  /** Absent: without TLS. */
  readonly tls?: ClientTls;
  /** The name in the server's certificate, where the target is one address of several under that name. */
  readonly serverName?: string;
  /** The service behind the target, as refusals name it: `unavailable/service-unavailable`. */
  readonly service?: string;
}

/** One unary call: bytes out, bytes back. */
export interface UnaryCall {
  readonly path: string;
  readonly request: Buffer;
  readonly metadata: Metadata;
  /** Wall clock, ms. */
  readonly deadline: number;
}

/** A connection to all addresses of a target, made when first used and again after every break. */
export interface GrpcChannel {
  /** Fails with a `Rejection`: the server's own, or `unavailable/service-unavailable` when it could not be reached or broke off. */
  unary(call: UnaryCall): Promise<Buffer>;
  close(): void;
}

const MEBI = 1024 * 1024;

/** Long-idle connections are kept through NATs; each call goes to the next address; a server that is away is tried again soon. */
const CHANNEL: ChannelOptions = {
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  'grpc.service_config_disable_resolution': 1,
  // Retries are ours: the library knows nothing of idempotency keys.
  'grpc.enable_retries': 0,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 3_000,
  'grpc.dns_min_time_between_resolutions_ms': 5_000,
  'grpc.max_receive_message_length': 16 * MEBI,
  'grpc.max_send_message_length': 16 * MEBI,
};

/** What no server of ours ever says without details: then the connection or what stands between has said it. */
const OF_THE_TRANSPORT: readonly number[] = [status.CANCELLED, status.UNKNOWN, status.UNIMPLEMENTED, status.INTERNAL, status.UNAVAILABLE];

const away = (service: string, cause: unknown): Rejection =>
  new Rejection('unavailable', 'service-unavailable', `The service ${service} is not available at the moment.`, {
    facts: { service },
    cause,
  });

const rejectionOf = (error: ServiceError, service: string): Rejection => {
  const details = error.metadata?.get('grpc-status-details-bin')[0];
  if (!(details instanceof Buffer) && OF_THE_TRANSPORT.includes(error.code)) {
    return away(service, error);
  }
  if (!(details instanceof Buffer) && error.code === status.DEADLINE_EXCEEDED) return deadlineExceeded();
  return decodeStatus(error.code ?? status.UNKNOWN, error.details, details instanceof Buffer ? details : undefined);
};

const asIs = (bytes: Buffer): Buffer => bytes;

/** Opens a channel to a target such as `127.0.0.1:8081`, `dns:///sanwang-patrol:8081` or `ipv4:10.0.0.1:8081,10.0.0.2:8081`. */
export const openChannel = (target: string, { tls, serverName, service = target }: ConnectOptions = {}): GrpcChannel => {
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  const client = new Client(target, tls ? credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert)) : credentials.createInsecure(), {
    ...CHANNEL,
    ...(serverName !== undefined && { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
  });
  return {
    unary: ({ path, request, metadata, deadline }) =>
      new Promise((resolve, reject) => {
        try {
          client.makeUnaryRequest(path, asIs, asIs, request, metadata, { deadline }, (error, response) =>
            error ? reject(rejectionOf(error, service)) : resolve(response!),
          );
        } catch (error) {
          // The connection was closed on our side.
          reject(away(service, error));
        }
      }),
    close: () => client.close(),
  };
};
