import { createSweep } from '@sanwang/platform/attachment-sweep';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginVisit, openCity, photograph, type City } from './fixture/city.ts';

let city: City;
let visitId: string;
beforeAll(async () => {
  city = await openCity();
  ({ visitId } = await beginVisit(city, '1'));
});
afterAll(() => city.trial.stop());

const upload = (content: Uint8Array, type = 'image/jpeg', as = 'o1') =>
  city.ask('POST /v1/attachments', { as, body: content, headers: { 'content-type': type } });
const stored = async (text: string): Promise<string> => (await upload(photograph(text))).body.id;
const record = (attachments: readonly string[]) =>
  city.done(`POST /v1/patrol/visits/${visitId}:recordItems`, 'o1', { items: [{ number: '1', result: 'violates', attachments }] });

describe('storing', () => {
  test('answers what a command can name', async () => {
    const answer = await upload(photograph('kitchen'));
    expect([answer.status, answer.body]).toMatchObject([201, { mediaType: 'image/jpeg', size: 68 }]);
  });
  test.each([
    ['another type', 415, 'media-type-unsupported', photograph('x'), 'image/gif'],
    ['JSON', 415, 'media-type-unsupported', Buffer.from('{}'), 'application/json'],
    ['content of another type than declared', 400, 'attachment-type', photograph('x'), 'image/png'],
    ['no content', 400, 'attachment-type', Buffer.alloc(0), 'image/jpeg'],
    ['more than 10 MiB', 413, 'attachment-too-large', Buffer.concat([photograph('x'), Buffer.alloc(10 * 1024 * 1024)]), 'image/jpeg'],
  ])('refuses %s', async (_what, status, reason, content, type) => {
    expect(await upload(content, type)).toMatchObject({ status, body: { reason } });
  });
  test('refuses more than 10 MiB that come without a length', async () => {
    async function* endless() {
      for (yield photograph('x'); ;) yield Buffer.alloc(1 << 20);
    }
    const response = await fetch(`${city.http}/v1/attachments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await city.token('o1')}`, 'content-type': 'image/jpeg' },
      body: endless() as unknown as ReadableStream,
      duplex: 'half',
    } as RequestInit).catch((error: unknown) => error);
    // The answer may come while the sender still sends; some clients then only see the connection close.
    if (response instanceof Response)
      expect([response.status, (await response.json()) as object]).toMatchObject([413, { reason: 'attachment-too-large' }]);
  });
  test('is for those who carry out visits', async () => {
    expect(await upload(photograph('x'), 'image/jpeg', 'operator')).toMatchObject({ status: 403, body: { reason: 'duty-missing' } });
    expect(await upload(photograph('x'), 'image/jpeg', '')).toMatchObject({ status: 401, body: { reason: 'token-missing' } });
  });
});

describe('reading', () => {
  let photo: string;
  beforeAll(async () => {
    photo = await stored('cold room');
    await record([photo]);
  });
  const read = (as: string, visit = visitId, id = photo) => city.ask(`GET /v1/patrol/visits/${visit}/attachments/${id}`, { as });

  test('gives the bytes to who may see the visit', async () => {
    const answer = await read('o2');
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-length')]).toEqual([200, 'image/jpeg', '68']);
    expect(answer.text).toContain('cold room');
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
  });
  test('is not found by another district, under another visit, or before a command names it', async () => {
    expect(await read('nanshan-o1')).toMatchObject({ status: 404, body: { reason: 'visit-not-found' } });
    expect(await read('o1', visitId, await stored('unnamed'))).toMatchObject({ status: 404, body: { reason: 'attachment-not-found' } });
    const other = await beginVisit(city, '2');
    expect(await read('o1', other.visitId)).toMatchObject({ status: 404, body: { reason: 'attachment-not-found' } });
    expect(await read('o1', 'no-such-visit')).toMatchObject({ status: 404, body: { reason: 'visit-not-found' } });
  });
  test('asks who calls, and for the duty', async () => {
    expect(await read('')).toMatchObject({ status: 401 });
    expect(await read('operator')).toMatchObject({ status: 403, body: { reason: 'duty-missing' } });
  });
  test('ends for good when the attachment is erased: no key is left to read its bytes with', async () => {
    const [gone, kept] = [await stored('a face'), await stored('a wall')];
    await record([gone, kept]);
    expect((await read('o2', visitId, gone)).text).toContain('a face');
    const { attachments, keys } = city.trial.host.ports;
    const subject = `attachment.${gone}`;
    expect(await keys.find([subject])).toMatchObject(new Map([[subject, { id: expect.any(String) as string }]]));
    await city.trial.call('ErasureService/eraseSubject', { id: subject, reason: 'asked for' }, { subject: 'operator', kind: 'officer' });
    expect(await read('o2', visitId, gone)).toMatchObject({ status: 404, body: { reason: 'attachment-not-found' } });
    expect(await keys.find([subject])).toEqual(new Map([[subject, 'destroyed']]));
    expect(await attachments.open(gone)).toBeUndefined();
    expect((await read('o2', visitId, kept)).text).toContain('a wall');
  });
  test('there is no other way to an attachment', async () => {
    expect(await city.ask(`GET /v1/attachments/${photo}`)).toMatchObject({ status: 404, body: { reason: 'route-unknown' } });
    expect(await city.ask('GET /v1/attachments')).toMatchObject({ status: 405, body: { reason: 'method-not-allowed' } });
  });
  test('works for the photographs of a reported correction', async () => {
    const { visitId: second } = await beginVisit(city, '3');
    const items = [
      { number: '1', result: 'violates' },
      { number: '2', result: 'conforms' },
    ];
    await city.done(`POST /v1/patrol/visits/${second}:recordItems`, 'o1', { items });
    await city.done(`POST /v1/patrol/visits/${second}:complete`, 'o1', { result: 'fail' });
    const order = await city.done('POST /v1/patrol/rectifications', 'o1', {
      visitId: second,
      kind: 'order',
      limit: { dueOn: new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10) },
    });
    const after = await stored('repaired');
    await city.done(`POST /v1/patrol/rectifications/${order.id}:reportCorrection`, 'o1', { attachments: [after] });
    const path = `/v1/patrol/rectifications/${order.id}/attachments/${after}`;
    expect((await city.ask(`GET ${path}`, { as: 'o2' })).text).toContain('repaired');
    expect(await city.ask(`GET ${path}`, { as: 'nanshan-o1' })).toMatchObject({ status: 404 });
  });
});

describe('the sweep', () => {
  const inHours = (hours: number) => ({ now: () => new Date(Date.now() + hours * 3_600_000).toISOString() });
  const sweep = (hours: number) => {
    const { ports, services } = city.trial.host;
    const named = services.flatMap(({ definition }) => definition.attachments ?? []);
    return createSweep({ ...ports, named, wall: inHours(hours) })();
  };
  const isThere = async (id: string): Promise<boolean> => (await city.trial.host.ports.attachments.info(id)) !== undefined;

  test('removes what nothing has named after a day, and keeps what an event has named', async () => {
    const [named, forgotten] = [await stored('named'), await stored('forgotten')];
    await record([named]);
    await city.trial.host.settle(Date.now() + 10_000);
    expect(await sweep(23)).toBe(0);
    expect(await isThere(forgotten)).toBe(true);
    expect(await sweep(26)).toBeGreaterThanOrEqual(1);
    expect([await isThere(named), await isThere(forgotten)]).toEqual([true, false]);
    expect(await sweep(26)).toBe(0);
  });
  test('keeps what was named once and replaced later', async () => {
    const [first, second] = [await stored('first'), await stored('second')];
    await record([first]);
    await record([second]);
    await city.trial.host.settle(Date.now() + 10_000);
    await sweep(26);
    expect([await isThere(first), await isThere(second)]).toEqual([true, true]);
  });
  test('removes nothing while the model lags behind the log', async () => {
    const [late, forgotten] = [await stored('late'), await stored('forgotten')];
    const relay = city.trial.host.services.find(({ definition }) => definition.context === 'patrol')!.relay!;
    await relay.hold();
    const answer = await city.ask(`POST /v1/patrol/visits/${visitId}:recordItems`, {
      as: 'o1',
      body: { items: [{ number: '2', result: 'conforms', attachments: [late] }] },
    });
    expect(answer.status).toBe(200);
    expect(await sweep(26)).toBe('behind');
    expect([await isThere(late), await isThere(forgotten)]).toEqual([true, true]);
    relay.release();
    await city.trial.host.settle(Date.now() + 10_000);
    expect(await sweep(26)).toBe(1);
    expect([await isThere(late), await isThere(forgotten)]).toEqual([true, false]);
  });
});
