import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FIRST_STEPS } from './first-steps.ts';
import { beginVisit, openCity, restaurant, routineTask, type Asking, type City } from './fixture/city.ts';

let city: City;
let taskId: string;
let visitId: string;
beforeAll(async () => {
  city = await openCity();
  ({ taskId, visitId } = await beginVisit(city, '1'));
  await city.done('POST /v1/businesses', 'nanshan-desk', restaurant('n1', '440305001'));
});
afterAll(() => city.trial.stop());

const refused = async (status: number, problem: object, request: string, asking?: Asking) => {
  const answer = await city.ask(request, asking);
  expect(answer.body).toMatchObject({ status, correlationId: answer.headers.get('x-correlation-id'), ...problem });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json; charset=utf-8']);
  return answer;
};
const expected = (field: string, text: unknown = expect.any(String)) => ({
  code: 'invalid-argument',
  violations: expect.arrayContaining([{ field, expected: text }]) as unknown,
});

describe('what is open to everybody', () => {
  const open = (path: string) => city.ask(`GET ${path}`, { as: '' });
  test('says that it lives, and whether it is ready', async () => {
    expect(await open('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await open('/readyz')).toMatchObject({ status: 200, body: { ready: true, notReady: [] } });
  });
  test('is ready while a verification holds a relay', async () => {
    const relay = city.trial.host.services.find(({ definition }) => definition.context === 'patrol')!.relay!;
    await relay.hold();
    expect((await open('/readyz')).status).toBe(200);
    relay.release();
  });
  test('gives metrics, with routes and models but without an id', async () => {
    await city.ask(`GET /v1/patrol/tasks/${taskId}`);
    await city.ask(`GET /nowhere/${taskId}`);
    const { text, headers } = await open('/metrics');
    expect(headers.get('content-type')).toContain('text/plain');
    for (const line of [
      'sanwang_http_request_seconds_count{method="GET",route="/v1/patrol/tasks/{id}",status="200"} ',
      'sanwang_http_request_seconds_count{method="POST",route="/v1/patrol/tasks/{id}:dispatch",status="200"} ',
      'sanwang_http_request_seconds_count{method="GET",route="none",status="404"} ',
      'sanwang_log_fsyncs_total ',
      'sanwang_log_commits_total ',
      'sanwang_log_head ',
      'sanwang_longest_stream_events ',
      'sanwang_relay_lag_positions{context="patrol"} ',
      'sanwang_consumer_lag_messages{consumer="patrol.tasks"} ',
      'sanwang_parked_keys{consumer="patrol.visits"} 0',
      'sanwang_timers_due{context="patrol"} 0',
      'sanwang_metric_source_errors_total',
    ])
      expect(text).toContain(line);
    expect(text).not.toContain(taskId);
    expect(text).not.toMatch(/source_errors_total\{/);
  });
  test('lists the schemas of public events, and gives each', async () => {
    const { items } = (await open('/schemas/')).body as unknown as { items: readonly string[] };
    expect(items.length).toBeGreaterThan(20);
    const name = JSON.stringify(items).match(/patrol\.TaskPooled\.v1(\.json)?/)![0];
    const one = await open(`/schemas/${name}`);
    expect([one.status, one.headers.get('content-type')]).toEqual([200, 'application/schema+json; charset=utf-8']);
    await refused(404, { code: 'not-found', reason: 'schema-not-found' }, 'GET /schemas/patrol.Nothing.v1', { as: '' });
    await refused(404, {}, 'GET /schemas/..%2F..%2Fpackage.json', { as: '' });
  });
  test('serves the documentation with nothing from elsewhere', async () => {
    const page = await open('/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    for (const [, path] of page.text.matchAll(/(?:src|href)="([^"#][^"]*)"/g)) {
      expect(path).toMatch(/^\//);
      expect((await open(path!)).status).toBe(200);
    }
  });
  test('describes every rpc and every route', async () => {
    const { body } = await open('/openapi.json');
    const document = body as unknown as {
      openapi: string;
      tags: { name: string }[];
      paths: Record<string, Record<string, { operationId: string; tags: string[]; responses: object }>>;
    };
    expect(document.openapi).toMatch(/^3\.1/);
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    const ids = new Set(operations.map(({ operationId }) => operationId));
    expect(ids.size).toBe(operations.length);
    for (const { service } of city.trial.host.endpoints)
      for (const method of Object.values(service.methods)) expect(ids).toContain(`${service.name}_${method.name}`);
    expect(document.paths['/v1/patrol/visits/{id}/attachments/{attachmentId}']?.['get']?.responses).toHaveProperty('200');
    for (const { operationId } of FIRST_STEPS) if (operationId !== undefined) expect(ids).toContain(operationId);
    const tags = document.tags.map(({ name }) => name);
    for (const operation of operations) expect(tags).toContain(operation.tags[0]);
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, ref]) => ref!);
    for (const ref of new Set(refs))
      expect(
        ref.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document),
        ref,
      ).toBeDefined();
  });
});

describe('bad input is refused with what was expected, and changes nothing', () => {
  const pool = (body: unknown, headers = {}): Asking => ({ as: 'desk', body, headers });
  test.each([
    ['a path that is none', 404, { reason: 'route-unknown' }, 'GET /v1/nothing', {}],
    ['a verb that is none', 404, { reason: 'route-unknown' }, 'POST /v1/patrol/tasks/x:fly', { body: {} }],
    ['a method that the path does not take', 405, { reason: 'method-not-allowed' }, 'DELETE /v1/patrol/tasks', {}],
    [
      'another media type',
      415,
      { reason: 'media-type-unsupported' },
      'POST /v1/patrol/tasks',
      pool('a=1', { 'content-type': 'text/plain' }),
    ],
    ['a body that is not JSON', 400, { reason: 'json-invalid' }, 'POST /v1/patrol/tasks', pool('{')],
    ['a body that is a list', 400, expected('body', 'a JSON object'), 'POST /v1/patrol/tasks', pool('[]')],
    ['a body of two megabytes', 413, { reason: 'body-too-large' }, 'POST /v1/patrol/tasks', pool(`{"title":"${'x'.repeat(2_000_000)}"}`)],
    [
      'a body nested too deep',
      400,
      { reason: 'request-malformed' },
      'POST /v1/patrol/tasks',
      pool(`{"place":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`),
    ],
    ['an unknown field', 400, expected('colour', 'no such field'), 'POST /v1/patrol/tasks', pool({ ...routineTask('x'), colour: 1 })],
    ['a missing field', 400, expected('source'), 'POST /v1/patrol/tasks', pool({ ...routineTask('x'), source: undefined })],
    [
      'a value out of its list',
      400,
      expected('channel', 'one of external, statutory, risk'),
      'POST /v1/patrol/tasks',
      pool({ ...routineTask('x'), channel: 'rumour' }),
    ],
    ['an unknown filter', 400, expected('colour', 'no such query parameter'), 'GET /v1/patrol/tasks?colour=red', {}],
    ['a filter that is out of its list', 400, expected('status'), 'GET /v1/patrol/tasks?status=lost', {}],
    ['an order by a field that is none', 400, expected('orderBy'), 'GET /v1/patrol/tasks?orderBy=colour', {}],
    ['a page token of nowhere', 400, expected('pageToken'), 'GET /v1/patrol/tasks?pageToken=abc', {}],
    ['a page that is too long', 400, expected('pageSize', 'at most 500'), 'GET /v1/patrol/tasks?pageSize=501', {}],
    ['an id of no possible form', 400, expected('id'), 'GET /v1/patrol/tasks/a%20b', {}],
    ['an unknown id', 404, { code: 'not-found', reason: 'task-not-found' }, 'GET /v1/patrol/tasks/nobody', {}],
    [
      'a command on an unknown id',
      404,
      { code: 'not-found', reason: 'task-not-found' },
      'POST /v1/patrol/tasks/nobody:dispatch',
      { body: {} },
    ],
    ['a key with blanks', 400, expected('Idempotency-Key'), 'POST /v1/patrol/tasks', pool({}, { 'idempotency-key': 'a b' })],
    ['an If-Match that is no revision', 400, expected('If-Match'), 'POST /v1/patrol/tasks', pool({}, { 'if-match': 'abc' })],
    ['a read token of nowhere', 400, { code: 'invalid-argument' }, 'GET /v1/patrol/tasks', { headers: { 'sanwang-read-token': 'x' } }],
  ] as const)('%s', async (_what, status, problem, request, asking) => {
    const before = await city.trial.host.ports.store.head('');
    await refused(status, problem, request, asking);
    expect(await city.trial.host.ports.store.head('')).toBe(before);
  });
  test('names the methods that a path takes', async () => {
    expect((await city.ask('PUT /v1/patrol/tasks')).headers.get('allow')).toBe('POST, GET');
    expect((await city.ask('POST /healthz')).headers.get('allow')).toBe('GET');
  });
  test('a page token fits only the query that it came from', async () => {
    const { body } = await city.ask('GET /v1/units?pageSize=1', { as: 'chief' });
    await refused(400, expected('pageToken'), `GET /v1/units?kind=city&pageToken=${String(body['nextPageToken'])}`, { as: 'chief' });
  });
  test('a state that forbids the command', () =>
    refused(422, { code: 'failed-precondition' }, `POST /v1/patrol/tasks/${taskId}:dispatch`, { body: {} }));
});

describe('who calls', () => {
  test.each([
    ['no token', { as: '' }, 'token-missing'],
    ['a token that is none', { token: 'abc' }, 'token-malformed'],
    ['a token of another issuer', { token: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJvMSJ9.AAAA' }, expect.stringMatching(/^token-/)],
  ])('%s proves nothing', async (_what, asking, reason) => {
    const answer = await refused(401, { code: 'unauthenticated', reason }, 'GET /v1/units', asking);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });
  test('a token that has expired proves nothing', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 7_200_000 });
    const token = await city.trial.host.issuer.issue({ subject: 'desk', ttlSeconds: 60 }).finally(() => vi.useRealTimers());
    await refused(401, { reason: 'token-expired' }, 'GET /v1/units', { token });
  });
  test('someone whom the directory does not know may do nothing', () =>
    refused(403, { code: 'permission-denied', reason: 'officer-unknown' }, 'GET /v1/units', { as: 'stranger' }));
  test('an officer without the duty may not', () =>
    refused(403, { code: 'permission-denied', reason: 'duty-missing' }, 'POST /v1/patrol/tasks', {
      as: 'o1',
      body: routineTask('local.sz.1'),
    }));
});

describe('a district sees and does nothing in another', () => {
  test('lists do not hold it', async () => {
    for (const path of ['/v1/patrol/tasks', '/v1/patrol/visits', '/v1/patrol/rectifications'])
      expect((await city.ask(`GET ${path}`, { as: 'nanshan-desk' })).body.items).toEqual([]);
    const { items } = (await city.ask('GET /v1/businesses', { as: 'nanshan-desk' })).body;
    expect(items.map(({ id }) => id)).toEqual(['local.sz.n1']);
  });
  test.each([
    () => `GET /v1/patrol/tasks/${taskId}`,
    () => `GET /v1/patrol/visits/${visitId}`,
    () => 'GET /v1/businesses/local.sz.1',
    () => 'GET /v1/businesses/local.sz.1/file',
    () => `POST /v1/patrol/tasks/${taskId}:cancel`,
    () => 'POST /v1/businesses/local.sz.1:void',
  ])('%s is not found', async (request) => {
    const body = request().endsWith(':void')
      ? { reason: 'mistyped', replacedBy: 'local.sz.n1' }
      : request().startsWith('POST')
        ? { reason: 'x' }
        : undefined;
    await refused(404, { code: 'not-found' }, request(), { as: 'nanshan-desk', ...(body && { body }) });
  });
  test('tasks and visits are found by the officers who carry them out', async () => {
    for (const path of ['/v1/patrol/tasks', '/v1/patrol/visits']) {
      expect((await city.ask(`GET ${path}?officer=o2`)).body.items).toHaveLength(1);
      expect((await city.ask(`GET ${path}?officer=o`)).body.items).toHaveLength(0);
    }
  });
});

describe('a command', () => {
  const change = { as: 'desk', body: { riskGrade: 'B', reason: '评级' } };
  test('repeated with its Idempotency-Key gives the same answer; with another body it is refused', async () => {
    const asking: Asking = { body: restaurant('idem', '440304006'), headers: { 'idempotency-key': 'k1' } };
    const first = await city.ask('POST /v1/businesses', asking);
    const head = await city.trial.host.ports.store.head('');
    const second = await city.ask('POST /v1/businesses', asking);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(await city.trial.host.ports.store.head('')).toBe(head);
    await refused(400, { reason: 'idempotency-key-reused' }, 'POST /v1/businesses', {
      ...asking,
      body: { ...restaurant('idem', '440304006'), name: 'another' },
    });
  });
  test('with a revision that is no longer the last is refused', async () => {
    const at = await city.ask('GET /v1/businesses/local.sz.1');
    const etag = at.headers.get('etag')!;
    expect(etag).toBe(`"${String(at.body['revision'])}"`);
    const request = 'POST /v1/businesses/local.sz.1:changeRiskGrade';
    const done = await city.ask(request, { ...change, headers: { 'if-match': etag } });
    expect([done.status, done.headers.get('etag')]).toEqual([200, `"${String(done.body['revision'])}"`]);
    await refused(412, { code: 'conflict', reason: 'stale-revision' }, request, {
      ...change,
      body: { ...change.body, riskGrade: 'C' },
      headers: { 'if-match': etag },
    });
  });
  test('is seen at once by a list that carries its read token', async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await city.done('POST /v1/businesses', 'desk', restaurant(`read-${round}`, '440304006'));
      const { items } = (await city.ask(`GET /v1/businesses?q=${encodeURIComponent(`read-${round}`)}`)).body;
      expect(items.map((item) => item['id'])).toContain(id);
    }
  });
});

test('no answer of a live platform speaks of a simulation', async () => {
  expect((await city.ask('GET /v1/units')).headers.get('sanwang-simulation')).toBeNull();
});
