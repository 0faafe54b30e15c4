import { globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readDescriptorSet } from '@sanwang/contracts';
import { assertSchemaMatchesMessage, loadDescriptors, openApiDocument } from '@sanwang/rpc';
import type { ServiceContext, ServiceDefinition } from '@sanwang/service';
import { describe, expect, test } from 'vitest';

const root = dirname(dirname(dirname(import.meta.dirname)));
const descriptors = loadDescriptors(readDescriptorSet());

/** A double of everything a service works with: its handlers are made, and never called. */
const nothing = (): unknown => new Proxy(() => {}, { get: (_, key) => (key === 'then' ? undefined : nothing()), apply: () => nothing() });

const services = await Promise.all(
  globSync('services/*/src', { cwd: root }).map(async (folder) => {
    const context = basename(dirname(folder));
    const module = (await import(pathToFileURL(join(root, folder, `${context}.ts`)).href)) as Record<string, ServiceDefinition>;
    return module[context]!;
  }),
);
const apis = services.flatMap((service) => service.api(nothing() as ServiceContext));

describe('the APIs of all services', () => {
  test('were found', () => {
    expect(services.map(({ context }) => context)).toContain('patrol');
    expect(apis.length).toBeGreaterThan(0);
  });

  test.each(apis.map((api) => [api.service.fullName, api] as const))(
    '%s: zod schemas and proto messages agree field by field',
    (_, api) => {
      assertSchemaMatchesMessage(api, descriptors);
    },
  );

  test('have one path for each rpc, and no path twice', () => {
    const paths = apis.flatMap((api) =>
      descriptors.rpcs(api.service).flatMap((rpc) => {
        expect(rpc.bindings.length, `${api.service.name}.${rpc.method.name} has no google.api.http`).toBeGreaterThan(0);
        return rpc.bindings.map(({ verb, path }) => `${verb} ${path}`);
      }),
    );
    expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
  });

  test('make one OpenAPI document in which every operation is described', () => {
    const document = openApiDocument(apis, descriptors, { title: 'Sanwang', version: '1', description: '' });
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.filter(({ summary }) => summary === '').map(({ operationId }) => operationId)).toEqual([]);
  });
});
