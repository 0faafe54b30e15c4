import { listSchemas, readAsyncApi, readSchema } from '@sanwang/contracts';
import { notFound } from '@sanwang/kernel';
import type { House } from '@sanwang/service';
import type { FastifyInstance } from 'fastify';

/** What is no rpc: liveness, readiness, metrics, and the contracts of public events. Open to everybody, and free of secrets. */
export const addPlainRoutes = (app: FastifyInstance, house: House): void => {
  app.get('/healthz', async (_request, reply) => {
    const stuck = house.stuck();
    return reply.status(stuck === undefined ? 200 : 503).send({ status: stuck ?? 'ok' });
  });
  app.get('/readyz', async (_request, reply) => {
    const { ready, parts } = house.readiness();
    return reply.status(ready ? 200 : 503).send({ ready, notReady: parts.filter((part) => !part.ready) });
  });
  app.get('/metrics', async (_request, reply) => reply.type(house.metrics.contentType).send(await house.metrics.text()));
  const topics = readAsyncApi();
  app.get('/asyncapi.json', (_request, reply) => reply.type('application/json').header('cache-control', 'no-cache').send(topics));
  app.get('/schemas/', async () => ({ items: listSchemas() }));
  app.get<{ Params: { name: string } }>('/schemas/:name', async (request, reply) => {
    const schema = readSchema(request.params.name);
    if (schema === undefined) throw notFound('schema', request.params.name);
    return reply.type('application/schema+json').send(schema);
  });
};
