import {
  Metadata,
  Server,
  ServerCredentials,
  type MethodDefinition,
  type sendUnaryData,
  type ServerOptions,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { HealthImplementation } from 'grpc-health-check';
import { bearerToken } from '@sanwang/identity';
import { Rejection } from '@sanwang/kernel';
import { isExemptService, type Admission } from './admission.ts';
import type { ProtoMethod, ProtoService } from './api.ts';
import type { Descriptors } from './descriptors.ts';
import type { Endpoint } from './endpoint.ts';
import { errorTable, toRejection } from './errors.ts';
import { encodeStatus } from './grpc-status.ts';
import { callFrom, correlationIdOf, type Authenticate } from './headers.ts';
import type { OnError } from './rest.ts';

export interface GrpcOptions {
  readonly endpoints: readonly Endpoint[];
  readonly descriptors: Descriptors;
  readonly authenticate: Authenticate;
  /** Bytes of one message; 1 MiB when absent. */
  readonly messageLimit?: number;
  /** The longest a call may take, whatever deadline it names; 10 s when absent. */
  readonly timeoutMs?: number;
  /** Added to every answer as metadata, e.g. that the platform is a simulation. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly onError?: OnError;
  /** Keeps out what the server cannot do, before it is read; absent: nothing is kept out. */
  readonly admission?: Admission | undefined;
  /** Absent: without TLS. */
  readonly tls?: ServerTls | undefined;
}

/** A server's certificate with what leads to the CA, and its private key: PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

export interface GrpcServer {
  /** Resolves with the port; `address` such as `127.0.0.1:8081`, port 0 for any free one. */
  listen(address: string): Promise<number>;
  /** What grpc.health.v1 says, for the whole server and for each of its services. */
  setServing(serving: boolean): void;
  /** Takes no new calls and waits for those in flight, at most `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

type Bytes = (bytes: Buffer) => Buffer;
const asIs: Bytes = (bytes) => bytes;

/** The path under which gRPC calls a method. */
export const grpcPath = (service: ProtoService, method: ProtoMethod): string => `/${service.fullName}/${method.name}`;

const decode = (method: ProtoMethod, bytes: Uint8Array): unknown => {
  try {
    return method.requestType.decode(bytes);
  } catch (cause) {
    throw new Rejection('invalid-argument', 'message-malformed', `The message is not a readable ${method.name} request.`, { cause });
  }
};

const deadlineOf = (call: ServerUnaryCall<Buffer, Buffer>, timeoutMs: number): number => {
  const asked = call.getDeadline();
  const latest = Date.now() + timeoutMs;
  return Math.min(latest, asked instanceof Date ? asked.getTime() : asked);
};

const fail = (error: unknown, answer: sendUnaryData<Buffer>): void => {
  const rejection = toRejection(error);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(encodeStatus(rejection)));
  const wait = rejection.facts['retryAfterSeconds'];
  if (typeof wait === 'number') metadata.set('retry-after', String(Math.ceil(wait)));
  answer({ code: errorTable[rejection.code].grpc, details: rejection.message, metadata });
};

const unary =
  (options: GrpcOptions, endpoint: Endpoint, key: string, method: ProtoMethod) =>
  (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    const name = grpcPath(endpoint.service, method).slice(1);
    const read = (header: string): string | undefined => call.metadata.get(header)[0]?.toString();
    const correlationId = correlationIdOf(read('x-correlation-id'));
    const handle = async (): Promise<Buffer> => {
      const token = bearerToken(read('authorization'));
      const principal = await options.authenticate(token);
      const deadline = deadlineOf(call, options.timeoutMs ?? 10_000);
      const described = callFrom(read, { principal, token, method: name, correlationId, deadline });
      const request = decode(method, call.request);
      const response = await endpoint.invoke({ service: endpoint.service, method: key, request, call: described });
      return Buffer.from(method.responseType.encode(response as never).finish());
    };
    const metadata = new Metadata();
    metadata.set('x-correlation-id', correlationId);
    for (const [header, value] of Object.entries(options.headers?.() ?? {})) metadata.set(header.toLowerCase(), value);
    call.sendMetadata(metadata);
    handle().then(
      (response) => answer(null, response),
      (error: unknown) => {
        options.onError?.(error, { method: name, correlationId });
        fail(error, answer);
      },
    );
  };

/** Lets a call in when there is room for it. */
const guarded =
  (admission: Admission, serve: ReturnType<typeof unary>): ReturnType<typeof unary> =>
  (call, answer) =>
    admission.enter(
      (leave) => {
        if (call.cancelled) return leave();
        serve(call, (...answered) => {
          leave();
          answer(...answered);
        });
      },
      (rejection) => fail(rejection, answer),
    );

const addEndpoint = (server: Server, options: GrpcOptions, endpoint: Endpoint): void => {
  const definition: Record<string, MethodDefinition<Buffer, Buffer>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [key, method] of Object.entries(endpoint.service.methods)) {
    if (method.requestStream || method.responseStream)
      throw new Error(`${endpoint.service.fullName}.${method.name}: streams are not served`);
    definition[key] = {
      path: grpcPath(endpoint.service, method),
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    const serve = unary(options, endpoint, key, method);
    const { admission } = options;
    implementation[key] = admission && !isExemptService(endpoint.service.fullName) ? guarded(admission, serve) : serve;
  }
  server.addService(definition, implementation);
};

/** Connections end now and then, so that clients find new servers; what is under way on them is answered. */
const SERVER: ServerOptions = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_connection_age_ms': 300_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  'grpc.max_concurrent_streams': 1_000,
};

const credentialsOf = (tls: ServerTls | undefined): ServerCredentials =>
  tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }])
    : ServerCredentials.createInsecure();

/** A gRPC server (not yet listening) with the endpoints' rpcs, health (serving from the start) and reflection. */
export const createGrpcServer = (options: GrpcOptions): GrpcServer => {
  const limit = options.messageLimit ?? 1024 * 1024;
  const server = new Server({
    ...SERVER,
    'grpc.max_receive_message_length': limit,
    'grpc.max_send_message_length': 16 * limit,
  });
  for (const endpoint of options.endpoints) addEndpoint(server, options, endpoint);

  const services = ['', ...options.endpoints.map((endpoint) => endpoint.service.fullName)];
  const health = new HealthImplementation(Object.fromEntries(services.map((service) => [service, 'SERVING' as const])));
  health.addToServer(server);

  const fileDescriptorProtos = [...options.descriptors.registry.files].map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)),
  );
  // Reflection reads the file descriptors of a definition and nothing else of it.
  const files = { format: 'Protocol Buffer 3 EnumDescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ files }, { services: services.slice(1) }).addToServer(server);

  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.bindAsync(address, credentialsOf(options.tls), (error, port) => (error ? reject(error) : resolve(port)));
      }),
    setServing: (serving) => services.forEach((service) => health.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING')),
    close: (graceMs = 10_000) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), graceMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
};
