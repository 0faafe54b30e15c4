import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from 'node:net';
import { runPilot, type Pilot } from './fixture/running.ts';

let pilot: Pilot;
let id: string;
beforeAll(async () => {
  pilot = await runPilot();
  ({ id } = await pilot.inProcess.createNote({ title: 't', tags: [], labels: {}, stops: [] }));
});
afterAll(() => pilot.close());

const lastRequest = () => pilot.calls.at(-1)?.request;
const refused = async (status: number, body: object, ...request: Parameters<Pilot['request']>) => {
  const before = pilot.calls.length;
  const answer = await pilot.request(...request);
  expect(answer.body).toMatchObject({ status, correlationId: answer.headers.get('x-correlation-id'), ...body });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(pilot.calls.length).toBe(before);
};

describe('paths', () => {
  test('a custom verb on one object reaches its own rpc', async () => {
    expect((await pilot.request('POST', `/v1/pilot/notes/${id}:star`, { stars: 2 })).status).toBe(200);
    expect(pilot.calls.at(-1)).toMatchObject({ call: { method: 'sanwang.pilot.v1.NotesService/StarNote' }, request: { id, stars: 2 } });
    expect((await pilot.request('POST', `/v1/pilot/notes/${id}:start`)).status).toBe(200);
    expect(pilot.calls.at(-1)).toMatchObject({ call: { method: 'sanwang.pilot.v1.NotesService/StartNote' }, request: { id } });
  });

  test('a custom verb on the collection reaches its own rpc', async () => {
    expect((await pilot.request('POST', '/v1/pilot/notes:count', { text: 'a b c' })).body).toEqual({ words: 3 });
  });

  test.each(['starFOO', 'sta', 'start:star', 'nothing', ''])('a verb that does not exist (%s) is no path', (verb) =>
    refused(404, { code: 'not-found', reason: 'route-unknown' }, 'POST', `/v1/pilot/notes/${id}:${verb}`, {}),
  );

  test('a verb is never taken for a part of the id', () =>
    refused(404, { reason: 'route-unknown' }, 'GET', `/v1/pilot/notes/${id}:star`.replace(':', '%3A')));

  test('an id may hold dots and dashes, and is decoded', async () => {
    const answer = await pilot.request('GET', '/v1/pilot/notes/uscc.91-44%2E0');
    expect(answer.body).toMatchObject({ status: 404, reason: 'note-not-found', facts: { id: 'uscc.91-44.0' } });
  });

  test('names the methods that a path takes', async () => {
    const answer = await pilot.request('DELETE', `/v1/pilot/notes/${id}`);
    expect([answer.status, answer.headers.get('allow'), answer.body.reason]).toEqual([405, 'GET', 'method-not-allowed']);
    const both = await pilot.request('PUT', '/v1/pilot/notes', {});
    expect([both.status, both.headers.get('allow')]).toEqual([405, 'POST, GET']);
  });

  test.each(['/', '/v1', '/v1/pilot/notes/', '/v1/pilot/notes/a/b', '/v1//pilot/notes', '/V1/pilot/notes'])('nothing is under %s', (path) =>
    refused(404, { reason: 'route-unknown' }, 'GET', path),
  );

  test('refuses a path that is not a URL', () => refused(400, { reason: 'request-malformed' }, 'GET', '/v1/pilot/notes/%zz'));

  test('refuses a body that contradicts the path', async () => {
    await refused(400, { violations: [{ field: 'id', expected: 'the same value as in the path' }] }, 'POST', `/v1/pilot/notes/${id}:star`, {
      id: 'n9',
      stars: 1,
    });
    expect((await pilot.request('POST', `/v1/pilot/notes/${id}:star`, { id, stars: 1 })).status).toBe(200);
  });
});

describe('query strings', () => {
  test('become values of the fields’ types', async () => {
    await pilot.request('GET', '/v1/pilot/notes?pageSize=7&urgent=true&tag=a&tag=b&northOf=-22.5&pageToken=12');
    expect(lastRequest()).toEqual({ pageSize: 7, urgent: true, tag: ['a', 'b'], northOf: -22.5, pageToken: '12' });
    await pilot.request('GET', '/v1/pilot/notes?tag=%E9%9D%A2%E9%A6%86');
    expect(lastRequest()).toEqual({ pageSize: 50, tag: ['面馆'] });
  });

  test.each([
    ['pageSize=x', 'pageSize'],
    ['pageSize=', 'pageSize'],
    ['pageSize=501', 'pageSize'],
    ['pageSize=1e1', 'pageSize'],
    ['pageSize=1&pageSize=2', 'pageSize'],
    ['urgent=yes', 'urgent'],
    ['wurst=1', 'wurst'],
    ['page_size=1', 'page_size'],
    ['__proto__=1', '__proto__'],
    ['constructor=1', 'constructor'],
    ['tag=%00', 'tag.0'],
  ])('refuses ?%s', (query, field) =>
    refused(400, { code: 'invalid-argument', violations: [{ field }] }, 'GET', `/v1/pilot/notes?${query}`),
  );

  test('are refused where the body carries the request', () =>
    refused(400, { violations: [{ field: 'dry' }] }, 'POST', '/v1/pilot/notes:count?dry=1', { text: '' }));
});

describe('bodies', () => {
  const create = (status: number, body: object, sent: unknown, headers?: Record<string, string>) =>
    refused(status, body, 'POST', '/v1/pilot/notes', sent, headers);

  test.each([
    ['cut off', '{"title":'],
    ['two values', '{} {}'],
    ['a comment', '{/* */}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('refuses JSON that is %s', (_, text) => create(400, { code: 'invalid-argument', reason: 'json-invalid' }, text));

  test('never quotes what it could not parse', async () => {
    const answer = await pilot.request('POST', '/v1/pilot/notes', '{"title": 张三 13800000000}');
    expect(JSON.stringify(answer.body)).not.toMatch(/张三|1380/);
  });

  test.each([['[]'], ['"x"'], ['3'], ['true']])('refuses %s, which is no object', (text) =>
    create(400, { violations: [{ field: 'body', expected: 'a JSON object' }] }, text),
  );

  test('names every field that is wrong and what was expected', () =>
    create(
      400,
      {
        type: 'urn:sanwang:problem:request-invalid',
        title: 'The request is not valid',
        code: 'invalid-argument',
        reason: 'request-invalid',
        violations: [
          { field: 'title', expected: 'at most 80 characters' },
          { field: 'tags.1', expected: 'string' },
          { field: 'place.longitude', expected: 'number' },
          { field: 'dueAt', expected: 'a valid ISO datetime' },
          { field: 'wurst', expected: 'no such field' },
        ],
      },
      { title: 'x'.repeat(81), tags: ['a', 1], place: { latitude: 1 }, dueAt: 'soon', wurst: 1 },
    ));

  test('never quotes a value that is wrong', async () => {
    const answer = await pilot.request('POST', '/v1/pilot/notes', { title: ['张三'], dueAt: '13800000000', urgent: '李四' });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).not.toMatch(/张三|1380|李四/);
  });

  test('refuses keys that touch prototypes, wherever they stand', async () => {
    await create(400, { violations: [{ field: '__proto__' }] }, '{"title":"t","__proto__":{"urgent":true}}');
    await create(400, { violations: [{ field: 'labels.__proto__' }] }, '{"title":"t","labels":{"__proto__":"x"}}');
    await create(400, { violations: [{ field: 'constructor' }] }, '{"title":"t","constructor":{"prototype":{"x":1}}}');
    expect(({} as Record<string, unknown>)['urgent']).toBeUndefined();
  });

  test('takes the last of duplicate keys, once and for all', async () => {
    await pilot.request('POST', '/v1/pilot/notes', '{"title":"first","title":"last"}');
    expect(lastRequest()).toMatchObject({ title: 'last' });
  });

  test.each([33, 100_000])('refuses %i levels of nesting', (depth) =>
    create(400, { reason: 'request-malformed' }, `{"title":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  );

  test('refuses lone surrogates', () => create(400, { violations: [{ field: 'title' }] }, '{"title":"\\ud800"}'));

  test('refuses a body above the limit', () => create(413, { reason: 'body-too-large' }, { title: 'x'.repeat(1024 * 1024) }));

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data; boundary=x', 'nonsense'])(
    'refuses %s',
    (type) => create(415, { reason: 'media-type-unsupported' }, '{"title":"t"}', { 'content-type': type }),
  );

  test('takes application/json with a charset', async () => {
    const answer = await pilot.request('POST', '/v1/pilot/notes', '{"title":"t"}', { 'content-type': 'application/json; charset=utf-8' });
    expect(answer.status).toBe(200);
  });
});

describe('headers', () => {
  test.each([
    ['idempotency-key', 'with space'],
    ['idempotency-key', 'x'.repeat(129)],
    ['if-match', '3'],
    ['if-match', 'W/"3"'],
    ['if-match', '"3", "4"'],
    ['sanwang-read-token', Array(17).fill('t').join()],
  ])('refuses %s: %s', (name, value) =>
    refused(400, { reason: 'header-invalid' }, 'POST', `/v1/pilot/notes/${id}:start`, undefined, { [name]: value }),
  );

  test('makes a correlation id of its own where the given one has no such form', async () => {
    const answer = await pilot.request('GET', '/v1/pilot/notes', undefined, { 'x-correlation-id': 'a b <script>' });
    expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('answers a token before it reads a body', () =>
    refused(401, { code: 'unauthenticated' }, 'POST', '/v1/pilot/notes', '{', { authorization: 'Basic eDp5' }));

  test('survives what is not HTTP', async () => {
    const said = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(pilot.base).port), '127.0.0.1', () => socket.end('\0\x01\x02 nonsense\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text));
    });
    expect(said).toMatch(/^HTTP\/1.1 400/);
    expect((await pilot.request('GET', '/v1/pilot/notes')).status).toBe(200);
  });
});

test('an answer holds only what its message declares', async () => {
  const note = { title: 't', tags: [], labels: {}, stops: [] };
  const { id: leaky } = await pilot.inProcess.createNote(note);
  const stored = (await pilot.inProcess.getNote({ id: leaky })) as unknown as Record<string, unknown>;
  stored['secret'] = 'kept';
  expect((await pilot.request('GET', `/v1/pilot/notes/${leaky}`)).body).toEqual({
    id: leaky,
    revision: 0,
    title: 't',
    tags: [],
    labels: {},
  });
});
