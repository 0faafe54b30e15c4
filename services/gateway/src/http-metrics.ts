import { templateOf, type RestServer } from '@sanwang/rpc';
import type { Metrics } from '@sanwang/telemetry';

/** Times every answer by the route's template; what no route serves is one label. */
export const measureHttp = (app: RestServer, metrics: Metrics): void => {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : templateOf(request.routeOptions);
    metrics.httpSeconds.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000);
    done();
  });
};
