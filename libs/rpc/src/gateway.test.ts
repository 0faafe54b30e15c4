import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveDocs } from './docs.ts';
import { createRestServer } from './rest.ts';
import { fixtureDescriptors, notesApi } from './fixture/notes.ts';
import { runPilot, type Pilot } from './fixture/running.ts';
import { openApiDocument } from './openapi.ts';
import { rateLimit } from './rate-limit.ts';

let pilot: Pilot;
beforeAll(async () => void (pilot = await runPilot()));
afterAll(() => pilot.close());

/** A unary or streamed call with bytes, as any gRPC client of another language would make it. */
const rawCall = (path: string, message: Buffer): Promise<Buffer> => {
  const client = new Client(pilot.address, credentials.createInsecure());
  return new Promise<Buffer>((resolve, reject) => {
    const done = (error: ServiceError | null, bytes?: Buffer) => (error ? reject(error) : resolve(bytes!));
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      message,
      done,
    );
  }).finally(() => client.close());
};

describe('the gRPC server', () => {
  test('tells its health, as a whole and per service', async () => {
    const SERVING = Buffer.from([8, 1]);
    const NOT_SERVING = Buffer.from([8, 2]);
    const service = 'sanwang.pilot.v1.NotesService';
    const asked = Buffer.concat([Buffer.from([10, service.length]), Buffer.from(service)]);
    expect(await rawCall('/grpc.health.v1.Health/Check', Buffer.alloc(0))).toEqual(SERVING);
    expect(await rawCall('/grpc.health.v1.Health/Check', asked)).toEqual(SERVING);
    pilot.grpc.setServing(false);
    expect(await rawCall('/grpc.health.v1.Health/Check', asked)).toEqual(NOT_SERVING);
    pilot.grpc.setServing(true);
  });

  test('describes its services by reflection', async () => {
    const client = new Client(pilot.address, credentials.createInsecure());
    const listServices = Buffer.from([0x3a, 0]);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const stream = client.makeBidiStreamRequest(
        '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
      );
      stream.on('data', resolve).on('error', reject);
      stream.write(listServices);
      stream.end();
    });
    expect(answer.toString('latin1')).toContain('sanwang.pilot.v1.NotesService');
    client.close();
  });

  test('refuses bytes that are no message', async () => {
    const client = new Client(pilot.address, credentials.createInsecure());
    const { Metadata } = await import('@grpc/grpc-js');
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer o1');
    const error = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        '/sanwang.pilot.v1.NotesService/CreateNote',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.from([10, 200, 1]),
        metadata,
        resolve,
      ),
    );
    expect([error?.code, error?.details]).toEqual([3, 'The message is not a readable CreateNote request.']);
    client.close();
  });

  test('refuses a message above the limit', async () => {
    await expect(pilot.grpcClient.countWords({ text: 'x'.repeat(1_100_000) })).rejects.toMatchObject({ code: 'resource-exhausted' });
    await expect(pilot.grpcClient.countWords({ text: 'still there' })).resolves.toEqual({ words: 2 });
  });
});

describe('the rate limit', () => {
  test('holds per principal, over REST and gRPC alike, and says when to come again', async () => {
    let now = 0;
    const limited = await runPilot([rateLimit({ perSecond: 1, burst: 2, now: () => now, exempt: (subject) => subject === 'robot' })]);
    const count = (token: string) => limited.request('POST', '/v1/pilot/notes:count', { text: '' }, { authorization: `Bearer ${token}` });
    expect((await count('o1')).status).toBe(200);
    await limited.grpcClient.countWords({ text: '' });
    const refused = await count('o1');
    expect([refused.status, refused.body.reason, refused.headers.get('retry-after')]).toEqual([429, 'rate-limited', '1']);
    await expect(limited.grpcClient.countWords({ text: '' })).rejects.toMatchObject({
      code: 'resource-exhausted',
      facts: { retryAfterSeconds: 1 },
    });
    expect((await count('o2')).status).toBe(200);
    for (let i = 0; i < 5; i++) expect((await count('robot')).status).toBe(200);
    now = 1000;
    expect((await count('o1')).status).toBe(200);
    expect((await count('o1')).status).toBe(429);
    await limited.close();
  });
});

describe('the documents', () => {
  const document = openApiDocument([notesApi()], fixtureDescriptors(), { title: 'Pilot', version: '1', description: 'd' });

  test('describe every path with what zod and proto say', () => {
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/pilot/fail',
      '/v1/pilot/notes',
      '/v1/pilot/notes/{id}',
      '/v1/pilot/notes/{id}:star',
      '/v1/pilot/notes/{id}:start',
      '/v1/pilot/notes:count',
    ]);
    const star = document.paths['/v1/pilot/notes/{id}:star']!['post']!;
    expect(star).toMatchObject({
      operationId: 'NotesService_StarNote',
      tags: ['NotesService'],
      summary: 'Stars a note: a custom verb on one note',
    });
    expect(star.parameters).toContainEqual({
      name: 'id',
      in: 'path',
      required: true,
      description: '',
      schema: { type: 'string', pattern: '^[a-z0-9.-]{1,80}$' },
    });
    expect(star.parameters).toContainEqual({ $ref: '#/components/parameters/IdempotencyKey' });
    expect(document.components.schemas['pilot.StarNoteRequest']).toMatchObject({
      properties: { stars: { type: 'integer', minimum: 1, maximum: 5 } },
      required: ['stars'],
      additionalProperties: false,
    });
    expect(document.components.schemas['pilot.CreateNoteRequest']).toMatchObject({
      properties: {
        title: { description: 'One line, 1 to 80 characters.', minLength: 1 },
        place: { properties: { latitude: { description: 'Degrees north.' } } },
      },
    });
    expect(document.components.schemas['pilot.GetNoteResponse']).toMatchObject({ required: ['id', 'revision', 'title', 'tags', 'labels'] });
  });

  test('hold no reference that leads nowhere', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]!);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs) {
      const found = ref.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(found, ref).toBeDefined();
    }
  });

  test('are served without a token, and the page loads nothing from elsewhere', async () => {
    const app = createRestServer({ endpoints: [], descriptors: fixtureDescriptors(), authenticate: () => Promise.reject(new Error()) });
    serveDocs(app, document);
    expect((await app.inject('/openapi.json')).json()).toEqual(document);
    for (const path of ['/docs', '/docs/app.js', '/docs/schema.js', '/docs/style.css']) {
      const answer = await app.inject(path);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect(answer.body).not.toMatch(/https?:\/\//);
    }
    await app.close();
  });
});
