import { isUtf8 } from 'node:buffer';
import { createServer, STATUS_CODES, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import { Rejection } from '@sanwang/kernel';
import { bearerToken, type Principal } from '@sanwang/identity';
import { isExemptUrl, type Admission } from './admission.ts';
import type { Call } from './api.ts';
import type { Descriptors, HttpBinding, RpcDescriptor } from './descriptors.ts';
import type { Endpoint } from './endpoint.ts';
import { httpStatus, problemOf, toRejection } from './errors.ts';
import { callFrom, correlationIdOf, type Authenticate } from './headers.ts';
import { parseJson, requestReader } from './rest-request.ts';
import { responseSchema } from './rest-response.ts';

/** What a server tells its log about a call that failed. `error` is as it was thrown. */
export type OnError = (error: unknown, about: { readonly method: string; readonly correlationId: string }) => void;

export interface RestOptions {
  readonly endpoints: readonly Endpoint[];
  readonly descriptors: Descriptors;
  readonly authenticate: Authenticate;
  /** Bytes; 1 MiB when absent. */
  readonly bodyLimit?: number;
  /** How long a call may take; 10 s when absent. */
  readonly timeoutMs?: number;
  /** Added to every answer, e.g. that the platform is a simulation. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly onError?: OnError;
  /** Keeps out what the server cannot do, before it is read; absent: nothing is kept out. */
  readonly admission?: Admission | undefined;
}

interface Caller {
  readonly principal: Principal;
  readonly token: string;
}
declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** The rpc that a route serves, as errors name it. */
    readonly method?: string;
    /** The route's path as documents write it. */
    readonly template?: string;
    /** The media types of the body, for the refusal of another; `application/json` when absent. */
    readonly takes?: string;
  }
}

/** What `createRestServer` makes: fastify, and `authenticate` as the `onRequest` of routes that the owner adds. */
export type RestServer = FastifyInstance & { readonly authenticate: (request: FastifyRequest) => Promise<void> };

/** Who calls a route that `authenticate` guards. */
export const callerOf = (request: FastifyRequest): Caller => {
  if (!request.caller) throw new Error('the route does not authenticate');
  return request.caller;
};

const TIMEOUT_MS = 10_000;

/** The call that a request on a guarded route stands for. */
export const callOf = (request: FastifyRequest, method: string, timeoutMs = TIMEOUT_MS): Call =>
  callFrom((name) => request.headers[name] as string | undefined, {
    ...callerOf(request),
    method,
    correlationId: request.id,
    deadline: Date.now() + timeoutMs,
  });

/** A refusal for which HTTP has a finer status than the error table. */
class HttpRefusal extends Error {
  readonly rejection: Rejection;
  readonly status: number;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.rejection = new Rejection(status === 404 ? 'not-found' : 'invalid-argument', reason, message);
    this.status = status;
  }
}

const refusalOf = (error: unknown, takes: string): { readonly rejection: Rejection; readonly status: number } => {
  if (error instanceof HttpRefusal) return error;
  const { statusCode, code } = error as Partial<FastifyError>;
  if (typeof code === 'string' && code.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    switch (statusCode) {
      case 413:
        return new HttpRefusal(413, 'body-too-large', 'The body is larger than this server takes.');
      case 415:
        return new HttpRefusal(415, 'media-type-unsupported', `Send the body, with its Content-Type, as ${takes}.`);
      case 404:
        return new HttpRefusal(404, 'route-unknown', 'There is nothing under this path.');
      default:
        return new HttpRefusal(400, 'request-malformed', 'The request is malformed.');
    }
  }
  const rejection = toRejection(error);
  return { rejection, status: httpStatus(rejection) };
};

const sendProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { rejection, status } = refusalOf(error, request.routeOptions?.config?.takes ?? 'application/json');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const wait = rejection.facts['retryAfterSeconds'];
  if (typeof wait === 'number') reply.header('retry-after', String(Math.ceil(wait)));
  // The rest of the body is not waited for.
  if (status === 413) reply.header('connection', 'close');
  // Set here too: hooks do not run before an error of the framework itself.
  reply.header('x-correlation-id', request.id);
  return reply
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify(problemOf(rejection, request.id, status)));
};

/** Answers what Node's HTTP parser refused, before there is a request: the connection is closed. */
const refuseConnection = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new HttpRefusal(431, 'headers-too-large', 'The address and headers are larger than this server takes.')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new HttpRefusal(408, 'request-too-slow', 'The request did not arrive in time.')
        : new HttpRefusal(400, 'request-malformed', 'This is not an HTTP request.');
  const body = JSON.stringify(problemOf(refusal.rejection, correlationIdOf(undefined), refusal.status));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};

/** A body of this size is not waited for when its request is refused. */
const LARGE_BODY = 64 * 1024;

const refuseRequest = (rejection: Rejection, request: IncomingMessage, response: ServerResponse): void => {
  const correlationId = correlationIdOf(request.headers['x-correlation-id'] as string | undefined);
  const body = JSON.stringify(problemOf(rejection, correlationId));
  response.writeHead(httpStatus(rejection), {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'retry-after': String(rejection.facts['retryAfterSeconds']),
    'x-correlation-id': correlationId,
    ...(Number(request.headers['content-length'] ?? 0) > LARGE_BODY && { connection: 'close' }),
  });
  response.end(body);
};

/** A server whose requests pass the door before the framework sees them. */
const guardedServer =
  (admission: Admission) =>
  (handler: RequestListener, { keepAliveTimeout, requestTimeout }: { keepAliveTimeout?: number; requestTimeout?: number }): Server => {
    const server = createServer((request, response) => {
      if (isExemptUrl(request.url ?? '')) return handler(request, response);
      admission.enter(
        (leave) => {
          if (response.destroyed) return leave();
          response.once('close', leave);
          handler(request, response);
        },
        (rejection) => refuseRequest(rejection, request, response),
      );
    });
    return Object.assign(server, { keepAliveTimeout, requestTimeout });
  };

/** Fastify's way of writing a path template; a parameter is one segment and never holds `:`, so custom verbs stay apart. */
const routePath = (path: string): string =>
  path.replace(/:([A-Za-z-]+)$/, '::$1').replaceAll(/\{(\w+)\}/g, (_, name: string) => `:${name}(^[^:/]+)`);

/** The path of a route as documents write it, `/v1/things/{id}:verb`; a route of the caller's own has plain parameters. */
export const templateOf = (route: {
  readonly url?: string | undefined;
  readonly config?: { readonly template?: string } | undefined;
}): string => route.config?.template ?? (route.url ?? '').replaceAll(/:(\w+)/g, '{$1}');

const pathPattern = (path: string): RegExp => new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^:/]+')}$`);

const addRoute = (app: RestServer, options: RestOptions, endpoint: Endpoint, rpc: RpcDescriptor, binding: HttpBinding): void => {
  const method = `${endpoint.service.fullName}/${rpc.method.name}`;
  const read = requestReader(binding, rpc.method.input);
  app.route({
    method: binding.verb,
    url: routePath(binding.path),
    schema: { response: { 200: responseSchema(rpc.method.output) } },
    config: { method, template: binding.path },
    onRequest: app.authenticate,
    handler: async (request, reply) => {
      const call = callOf(request, method, options.timeoutMs);
      const input = read(
        request.params as Record<string, string>,
        request.query as Record<string, string | string[]>,
        binding.body ? request.body : undefined,
      );
      const response = await endpoint.invoke({ service: endpoint.service, method: rpc.key, request: input, call });
      const { revision, readToken } = response as { revision?: unknown; readToken?: unknown };
      if (Number.isInteger(revision)) reply.header('etag', `"${String(revision)}"`);
      if (typeof readToken === 'string' && readToken !== '') reply.header('sanwang-read-token', readToken);
      return response;
    },
  });
};

/** 404 for a path that nothing serves, 405 with `Allow` for one that other methods serve. */
const notFound = (served: readonly { readonly verb: string; readonly pattern: RegExp }[]) => {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?', 1)[0]!;
    const allowed = [...new Set(served.filter(({ pattern }) => pattern.test(path)).map(({ verb }) => verb))];
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return sendProblem(new HttpRefusal(404, 'route-unknown', 'There is nothing under this path.'), request, reply);
    }
    reply.header('allow', allowed.join(', '));
    return sendProblem(new HttpRefusal(405, 'method-not-allowed', `This path takes ${allowed.join(', ')}.`), request, reply);
  };
};

/**
 * A fastify server (not yet listening) that answers every rpc of the endpoints under its REST paths. The caller may add its own
 * routes, such as health and documents, before it listens.
 */
export const createRestServer = (options: RestOptions): RestServer => {
  const server = fastify({
    bodyLimit: options.bodyLimit ?? 1024 * 1024,
    routerOptions: { maxParamLength: 512 },
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
    // While draining, what still arrives on an open connection is answered; the answer closes the connection.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: (request) => correlationIdOf(request.headers['x-correlation-id'] as string | undefined),
    clientErrorHandler: refuseConnection,
    ...(options.admission && { serverFactory: guardedServer(options.admission) as FastifyServerFactory }),
    frameworkErrors: (error, request, reply) => void sendProblem(error, request as FastifyRequest, reply as unknown as FastifyReply),
  });
  const app: RestServer = Object.assign(server, {
    async authenticate(request: FastifyRequest) {
      const token = bearerToken(request.headers.authorization);
      request.caller = { token, principal: await options.authenticate(token) };
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    try {
      if (!isUtf8(body)) throw new Rejection('invalid-argument', 'json-invalid', 'The body is not valid UTF-8.');
      done(null, parseJson(body.toString('utf8')));
    } catch (error) {
      done(error as Error);
    }
  });
  app.decorateRequest('caller', null);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-correlation-id', request.id).header('x-content-type-options', 'nosniff');
    if (options.headers) reply.headers(options.headers());
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const method = request.routeOptions.config.method ?? `${request.method} ${templateOf(request.routeOptions)}`;
    options.onError?.(error, { method, correlationId: request.id });
    return sendProblem(error, request, reply);
  });
  const served: { readonly verb: string; readonly pattern: RegExp }[] = [];
  app.addHook('onRoute', (route) => {
    const pattern = pathPattern(templateOf(route));
    for (const verb of [route.method].flat()) if (verb !== 'HEAD') served.push({ verb, pattern });
  });
  for (const endpoint of options.endpoints) {
    for (const rpc of options.descriptors.rpcs(endpoint.service)) {
      for (const binding of rpc.bindings) addRoute(app, options, endpoint, rpc, binding);
    }
  }
  app.setNotFoundHandler(notFound(served));
  return app;
};
