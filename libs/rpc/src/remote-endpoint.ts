import { Rejection } from '@sanwang/kernel';
import type { Api } from './api.ts';
import type { GrpcConnection } from './client.ts';
import { parseRequest, type Endpoint } from './endpoint.ts';

/**
 * An endpoint whose handlers are in another process: it checks the request as they will, so that a wrong one does not travel,
 * and passes the call on with all that it carries. Queries, and commands with an idempotency key, are tried again while the
 * service is away; then the answer is `unavailable/service-unavailable` with the fact `service`.
 */
export const remoteEndpoint = (api: Api, connection: GrpcConnection): Endpoint => ({
  service: api.service,
  invoke: async ({ method, request, call }) => {
    const handler = api.handlers[method];
    const described = api.service.methods[method];
    if (!handler || !described) throw new Rejection('not-found', 'rpc-unknown', `${api.service.fullName} has no ${method}.`);
    // What the schema makes of the request is the service's business: the request travels as it came.
    parseRequest(handler, request);
    return connection.invoke(api.service, described, request, {
      call,
      repeatable: handler.kind === 'query' || call.idempotencyKey !== undefined,
    });
  },
});
