import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeService } from '@sanwang/contracts-gen/new-service';
import type { OpenApiDocument } from '@sanwang/rpc';
import { connectGrpc, type ProtoService } from '@sanwang/rpc';
import { NoteServiceDefinition } from '@sanwang/template/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foundCity, people } from './city.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { servicesWith } from './services.ts';
import { faultsFound } from './verified.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TEMPLATE = join(ROOT, 'tools', 'template');
let platform: HostedPlatform;
let services = '';
beforeAll(async () => {
  services = servicesWith();
  writeService({ root: ROOT, services, name: 'notes', aggregate: 'Note' });
  // What installing the workspace does for a folder below `services/`.
  symlinkSync(join(TEMPLATE, 'node_modules'), join(services, 'notes', 'node_modules'));
  platform = await hostPlatform({ services, listen: true });
  await foundCity(platform);
}, 180_000);
afterAll(async () => {
  await platform.host.drain();
  removeFolder(platform.folder);
  removeFolder(dirname(services));
});

const text = 'Meet at the market hall';
const written = async () => platform.client(NoteServiceDefinition, people.dispatcher).writeNote({ unit: 'wg-north', text });

test('a generated folder is a service: it answers in process, over REST and over gRPC', async () => {
  const { id, readToken } = await written();
  expect(await platform.client(NoteServiceDefinition, people.north[0]).getNote({ id }, { readTokens: [readToken] })).toEqual({
    id,
    revision: 0,
    unit: 'wg-north',
    text,
  });

  const { http, grpc } = platform.host.door!;
  const token = await platform.host.issuer.issue({ subject: people.north[0], ttlSeconds: 60 });
  const response = await fetch(`${http}/v1/notes/${id}`, { headers: { authorization: `Bearer ${token}` } });
  expect([response.status, response.headers.get('etag'), await response.json()]).toEqual([
    200,
    '"0"',
    { id, revision: 0, unit: 'wg-north', text },
  ]);

  const connection = connectGrpc(grpc);
  expect(await connection.client(NoteServiceDefinition satisfies ProtoService, { token }).getNote({ id })).toMatchObject({ text });
  connection.close();
});

test('it is under the same rules as every other: schema, permission, jurisdiction, idempotency', async () => {
  const notes = platform.client(NoteServiceDefinition, people.dispatcher);
  await expect(notes.writeNote({ unit: 'wg-north', text: '' })).rejects.toMatchObject({ code: 'invalid-argument' });
  await expect(platform.client(NoteServiceDefinition, people.registrar).writeNote({ unit: 'wg', text })).rejects.toMatchObject({
    code: 'permission-denied',
  });
  const { id } = await written();
  await platform.settled();
  await expect(platform.client(NoteServiceDefinition, people.south[0]).getNote({ id })).rejects.toMatchObject({ reason: 'note-not-found' });
  const once = await notes.writeNote({ unit: 'wg', text }, { idempotencyKey: 'n-1' });
  expect(await notes.writeNote({ unit: 'wg', text }, { idempotencyKey: 'n-1' })).toMatchObject({ id: once.id, revision: 0 });
});

test('its rpcs are in the OpenAPI document, its model is verified against the log', async () => {
  const document = (await (await fetch(`${platform.host.door!.http}/openapi.json`)).json()) as OpenApiDocument;
  expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/v1/notes', '/v1/notes/{id}', '/v1/businesses']));
  expect(await faultsFound(platform)).toEqual([]);
});
