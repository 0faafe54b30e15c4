import { errorCodes, Rejection } from '@sanwang/kernel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorTable, rejectionOf } from './errors.ts';
import { runPilot, type Pilot } from './fixture/running.ts';

const note = {
  title: '后厨 recheck',
  tags: ['a', 'b'],
  place: { latitude: 22.5, longitude: 114 },
  dueAt: '2026-11-23T08:00:00.123Z',
  labels: { ward: '42' },
  urgent: false,
  stops: [],
};

/** Sends the same request through all three; gives each answer, or the rejection. */
const threeTimes = async (pilot: Pilot, key: keyof Pilot['inProcess'], verb: string, path: string, request: Record<string, unknown>) => {
  const settle = async (call: () => Promise<unknown>) => {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      return { code: error.code, reason: error.reason, message: error.message, violations: error.violations, facts: error.facts };
    }
  };
  const rest = await settle(async () => {
    const answer = await pilot.request(verb, path, verb === 'GET' ? undefined : request);
    if (answer.status === 200) return answer.body;
    throw rejectionOf(answer.body);
  });
  const send = (client: Pilot['inProcess']) => settle(() => (client[key] as (request: unknown) => Promise<unknown>)(request));
  return { rest, grpc: await send(pilot.grpcClient), inProcess: await send(pilot.inProcess) };
};

describe.each([
  ['in this process', false],
  ['in another, over gRPC and TLS', true],
])('one handler behind REST, gRPC and in-process calls, %s', (_, isRemote) => {
  let pilot: Pilot;
  beforeAll(async () => void (pilot = await runPilot([], {}, isRemote)));
  afterAll(() => pilot.close());

  test('hands the same request to the handler', async () => {
    pilot.calls.length = 0;
    await threeTimes(pilot, 'createNote', 'POST', '/v1/pilot/notes', note);
    expect(pilot.calls.map(({ request }) => request)).toEqual([note, note, note]);
  });

  test('gives the same answer', async () => {
    const { id } = await pilot.inProcess.createNote(note);
    const got = await threeTimes(pilot, 'getNote', 'GET', `/v1/pilot/notes/${id}`, { id });
    expect(got.rest).toEqual({ ...note, stops: undefined, id, revision: 0 });
    expect(got.grpc).toEqual(got.rest);
    expect(got.inProcess).toEqual(got.rest);
  });

  test.each([...errorCodes])('gives the same rejection for %s', async (code) => {
    const got = await threeTimes(pilot, 'fail', 'POST', '/v1/pilot/fail', { code });
    expect(got.inProcess).toEqual({
      code,
      reason: `asked-for-${code}`,
      message: `You asked for 错误 ${code}.`,
      violations: [{ field: 'code', expected: 'something else' }],
      facts: { count: 3, kind: 'x', open: true },
    });
    expect(got.rest).toEqual(got.inProcess);
    expect(got.grpc).toEqual(got.inProcess);
    expect((await pilot.request('POST', '/v1/pilot/fail', { code })).status).toBe(errorTable[code].http);
  });

  test.each([
    ['a field that does not fit', { ...note, title: '', urgent: true }, ['title']],
    [
      'a nested field that does not fit',
      {
        ...note,
        stops: [
          { latitude: 22, longitude: 114 },
          { latitude: 95, longitude: 200 },
        ],
      },
      ['stops.1.latitude', 'stops.1.longitude'],
    ],
    ['text that is not Unicode', { ...note, labels: { x: 'a\0b' } }, ['labels.x']],
    ['several faults', { ...note, tags: ['', 'a', ''], place: { latitude: -91, longitude: 0 } }, ['tags.0', 'tags.2', 'place.latitude']],
  ])('gives the same violations for %s', async (_, request, fields) => {
    const got = await threeTimes(pilot, 'createNote', 'POST', '/v1/pilot/notes', request);
    expect(got.inProcess).toMatchObject({
      code: 'invalid-argument',
      reason: expect.stringMatching(/^request-/),
      violations: fields.map((field) => ({ field })),
    });
    expect(got.rest).toEqual(got.inProcess);
    expect(got.grpc).toEqual(got.inProcess);
  });

  test('keeps the message of an unknown error to itself, and hands the error to the log', async () => {
    pilot.errors.length = 0;
    const got = await threeTimes(pilot, 'fail', 'POST', '/v1/pilot/fail', { code: 'bug' });
    expect(got.rest).toMatchObject({ code: 'internal', reason: 'internal' });
    expect(JSON.stringify(got)).not.toContain('secret');
    expect(got.grpc).toEqual(got.rest);
    expect(got.inProcess).toEqual(got.rest);
    const secrets = pilot.errors.filter((error) => (error as Error).message === 'a secret that must not leave');
    expect(secrets).toHaveLength(isRemote ? 3 : 2);
  });

  test('stops waiting at the deadline', async () => {
    const got = await threeTimes(pilot, 'fail', 'POST', '/v1/pilot/fail', { code: 'slow' });
    expect(got.inProcess).toMatchObject({ code: 'deadline-exceeded' });
    expect(got.rest).toEqual(got.inProcess);
    expect(got.grpc).toEqual(got.inProcess);
    await expect(pilot.grpcClient.fail({ code: 'slow' }, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  test('hands on key, revision, read tokens, correlation and trace', async () => {
    const { id } = await pilot.inProcess.createNote(note);
    const said = {
      idempotencyKey: 'row-17/pool',
      expectedRevision: 4,
      readTokens: ['patrol.3.17', 'directory.1.2'],
      correlationId: 'corr-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    pilot.calls.length = 0;
    await pilot.inProcess.startNote({ id }, said);
    await pilot.grpcClient.startNote({ id }, said);
    const rest = await pilot.request('POST', `/v1/pilot/notes/${id}:start`, undefined, {
      'idempotency-key': said.idempotencyKey,
      'if-match': '"4"',
      'sanwang-read-token': said.readTokens.join(', '),
      'x-correlation-id': said.correlationId,
      traceparent: said.traceparent,
    });
    for (const { call } of pilot.calls) {
      expect(call).toMatchObject({ ...said, token: 'o1', principal: { subject: 'o1' }, method: 'sanwang.pilot.v1.NotesService/StartNote' });
    }
    expect(pilot.calls).toHaveLength(3);
    expect(Object.fromEntries(rest.headers)).toMatchObject({
      etag: '"3"',
      'sanwang-read-token': 'pilot.3',
      'x-correlation-id': 'corr-1',
      'sanwang-mode': 'simulation',
    });
  });

  test('refuses a call without a token, and one whose token proves nothing', async () => {
    const anonymous = await fetch(`${pilot.base}/v1/pilot/notes`);
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    await expect(pilot.grpcClient.listNotes({ tag: [] }, { token: 'stolen' })).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'token-invalid',
    });
    expect((await pilot.request('GET', '/v1/pilot/notes', undefined, { authorization: 'Bearer stolen' })).body).toMatchObject({
      code: 'unauthenticated',
      reason: 'token-invalid',
    });
  });

  test('tells a client that the server is away', async () => {
    const other = await runPilot();
    await other.close();
    const { connectGrpc } = await import('./client.ts');
    const { NotesServiceDefinition } = await import('./fixture/notes.ts');
    const connection = connectGrpc(other.address);
    await expect(connection.client(NotesServiceDefinition, { token: 'o1' }).countWords({ text: '' })).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'service-unavailable',
      facts: { service: other.address },
    });
    connection.close();
  });
});
