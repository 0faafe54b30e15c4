import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { OpenApiDocument } from './openapi.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES = [
  ['/docs', 'index.html', 'text/html; charset=utf-8'],
  ['/docs/app.js', 'app.js', 'text/javascript; charset=utf-8'],
  ['/docs/element.js', 'element.js', 'text/javascript; charset=utf-8'],
  ['/docs/try-it.js', 'try-it.js', 'text/javascript; charset=utf-8'],
  ['/docs/schema.js', 'schema.js', 'text/javascript; charset=utf-8'],
  ['/docs/style.css', 'style.css', 'text/css; charset=utf-8'],
] as const;

/** Serves `/openapi.json`, and `/docs`: a page of our own that shows it, with nothing from elsewhere. Open to everybody. */
export const serveDocs = (app: FastifyInstance, document: OpenApiDocument): void => {
  const json = JSON.stringify(document);
  app.get('/openapi.json', (_request, reply) => reply.type('application/json').header('cache-control', 'no-cache').send(json));
  for (const [path, file, type] of FILES) {
    const content = readFileSync(join(import.meta.dirname, 'docs', file), 'utf8');
    app.get(path, (_request, reply) =>
      reply.type(type).headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' }).send(content),
    );
  }
};
