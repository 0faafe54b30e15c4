import { Rejection } from '@sanwang/kernel';
import type { Api, Call, Handler, ProtoService } from './api.ts';
import { requirePlain, schemaRejection } from './violations.ts';

/** One call on its way to a handler. `method` is the key in `service.methods`; `request` is still as the transport gave it. */
export interface Invocation {
  readonly service: ProtoService;
  readonly method: string;
  readonly request: unknown;
  readonly call: Call;
}
/** Carries out a call. Fails with a `Rejection`, or with any error, which the caller sees as `internal`. */
export type Invoke = (invocation: Invocation) => Promise<unknown>;
/** Wraps every call: spans, metrics, logs, limits. Sees errors as they were thrown. */
export type Interceptor = (next: Invoke) => Invoke;

/** A proto service that can be called, here or in another process: what every transport serves and every client calls. */
export interface Endpoint {
  readonly service: ProtoService;
  readonly invoke: Invoke;
}

/** The caller waits no longer. */
export const deadlineExceeded = (): Rejection =>
  new Rejection('deadline-exceeded', 'deadline-exceeded', 'The answer was not ready within the time the caller allowed.');

const withinDeadline = async (deadline: number, work: () => Promise<unknown>): Promise<unknown> => {
  const left = deadline - Date.now();
  if (left <= 0) throw deadlineExceeded();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(deadlineExceeded()), Math.min(left, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** Checks a request against the handler's schema; the strict schema is the only statement of what a request may hold. */
export const parseRequest = (handler: Handler, request: unknown): unknown => {
  requirePlain(request);
  const parsed = handler.request.safeParse(request);
  if (!parsed.success) throw schemaRejection(parsed.error);
  return parsed.data;
};

/** Wraps an endpoint; the first interceptor is the outermost. */
export const intercepted = (endpoint: Endpoint, interceptors: readonly Interceptor[]): Endpoint => ({
  service: endpoint.service,
  invoke: interceptors.reduceRight((next, interceptor) => interceptor(next), endpoint.invoke),
});

/** The endpoint of handlers in this process: check the request, handle it, stop waiting at the deadline. */
export const localEndpoint = (api: Api, interceptors: readonly Interceptor[] = []): Endpoint =>
  intercepted(
    {
      service: api.service,
      invoke: async ({ method, request, call }) => {
        const handler = api.handlers[method];
        if (!handler) throw new Rejection('not-found', 'rpc-unknown', `${api.service.fullName} has no ${method}.`);
        const input = parseRequest(handler, request);
        return withinDeadline(call.deadline, () => handler.handle(input, call));
      },
    },
    interceptors,
  );
