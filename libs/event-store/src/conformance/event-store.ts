import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOG_START, MAX_EVENT_BYTES, type EventStore, type SealedEvent, type StoredEvent, type StreamVersion } from '../port.ts';
import { chained, collect, event, expectRejection, freshContext, rejection, versionAfter } from './samples.ts';

export interface EventStoreUnderTest {
  readonly store: EventStore;
  /** Closes the store and opens the same log again: another process after a restart. */
  reopen(): Promise<EventStore>;
  /** Alters the data of a stored record behind the store's back. Absent where the server offers no way to. */
  damage?(stream: string, revision: number): Promise<void>;
  close(): Promise<void>;
}

const WRITERS = 64;
const ROUNDS = 5;
/** More than a server looks at before it tells how far a filtered reader is. */
const OTHERS = 600;

/** What every adapter of the event store must do; also against a server that is remote and slow. Each test has a context of its own. */
export const eventStoreConformance = (name: string, open: () => Promise<EventStoreUnderTest>): void => {
  describe(`event store: ${name}`, { timeout: 120_000 }, () => {
    let subject: EventStoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    afterAll(() => subject.close());

    /** Appends `count` events, one by one; returns the version. */
    const grow = async (stream: string, count: number): Promise<StreamVersion> => {
      let version: StreamVersion | 'no-stream' = 'no-stream';
      for (let n = 0; n < count; n++) {
        const events: readonly SealedEvent[] = chained(stream, version, event({ n }));
        await store.append(stream, version, events);
        version = versionAfter(version, events);
      }
      return version as StreamVersion;
    };
    const numbers = (events: readonly StoredEvent[]): unknown[] => events.map((stored) => (JSON.parse(stored.data) as { n: unknown }).n);
    const newStream = (): string => `${freshContext()}.Thing-1`;

    it('returns what was appended, exactly', async () => {
      const stream = newStream();
      const events = chained(stream, 'no-stream', event({ text: '张三 \u0000 "\\ 😀' }), event({ n: 1.5, none: null }, 'ThingChanged'));
      const place = await store.append(stream, 'no-stream', events);
      const stored = await store.readStream(stream);
      expect(stored.map(({ id, type, data, metadata, hash }) => ({ id, type, data, metadata, hash }))).toEqual(events);
      expect(stored.map((one) => [one.stream, one.revision])).toEqual([0, 1].map((revision) => [stream, revision]));
      expect(place).toMatchObject({ revision: 1, position: stored[1]!.position });
      expect(stored[1]!.position).toBeGreaterThan(stored[0]!.position);
      expect(stored[0]!.position).toBeGreaterThan(LOG_START);
    });

    it('knows nothing of a stream that was never written', async () => {
      expect(await store.readStream(newStream())).toEqual([]);
      expect(await store.readStream(newStream(), { direction: 'backward', limit: 1 })).toEqual([]);
    });

    it('refuses every expected version but the actual one, and names the actual one', async () => {
      const empty = newStream();
      const elsewhere: StreamVersion = { revision: 4, hash: 'f'.repeat(64) };
      await expectRejection(store.append(empty, elsewhere, chained(empty, elsewhere, event())), 'conflict', 'stream-moved', {
        revision: -1,
      });
      const stream = newStream();
      const actual = await grow(stream, 3);
      for (const expected of ['no-stream', { ...actual, revision: 0 }, { ...actual, revision: 1 }, { ...actual, revision: 3 }] as const) {
        await expectRejection(store.append(stream, expected, chained(stream, expected, event())), 'conflict', 'stream-moved', {
          revision: 2,
        });
      }
      await store.append(stream, actual, chained(stream, actual, event({ n: 3 })));
      expect(numbers(await store.readStream(stream))).toEqual([0, 1, 2, 3]);
      expect(await store.readStream(empty)).toEqual([]);
    });

    it('lets one of many concurrent writers of a stream win', async () => {
      const stream = newStream();
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, async (_, n) =>
          store.append(stream, 'no-stream', chained(stream, 'no-stream', event({ n }), event({ n }))),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict', reason: 'stream-moved' });
      const [first, second, ...more] = numbers(await store.readStream(stream));
      expect([second, more]).toEqual([first, []]);
    });

    it('appends several events together or not at all', async () => {
      const stream = newStream();
      const version = await grow(stream, 1);
      const tooLarge = chained(stream, version, event({ n: 1 }), event({ text: 'x'.repeat(MAX_EVENT_BYTES) }), event({ n: 3 }));
      await expectRejection(store.append(stream, version, tooLarge), 'resource-exhausted', 'event-too-large');
      expect(numbers(await store.readStream(stream))).toEqual([0]);
    });

    it('measures an event in bytes: takes the longest one, refuses a longer one', async () => {
      const stream = newStream();
      const empty = event({ text: '' });
      const room = MAX_EVENT_BYTES - Buffer.byteLength(empty.data) - Buffer.byteLength(empty.metadata);
      const text = '网'.repeat(Math.floor(room / 3));
      const fitting = { ...empty, data: JSON.stringify({ text }) };
      const over = { ...empty, data: JSON.stringify({ text: `${text}网` }) };
      await expectRejection(store.append(stream, 'no-stream', chained(stream, 'no-stream', over)), 'resource-exhausted', 'event-too-large');
      await store.append(stream, 'no-stream', chained(stream, 'no-stream', fitting));
      expect((await store.readStream(stream))[0]!.data).toBe(fitting.data);
    });

    it('takes a repeated append (same ids, same expected version) once: it answers the same or a conflict', async () => {
      const stream = newStream();
      const events = chained(stream, 'no-stream', event({ n: 0 }), event({ n: 1 }));
      const first = await store.append(stream, 'no-stream', events);
      const second = await store.append(stream, 'no-stream', events).catch((error: unknown) => error);
      if (second instanceof Error) expect(second).toMatchObject({ code: 'conflict', reason: 'stream-moved' });
      else expect(second).toEqual(first);
      expect(numbers(await store.readStream(stream))).toEqual([0, 1]);
    });

    it('reads a stream forward and backward, from a revision, with a limit', async () => {
      const stream = newStream();
      await grow(stream, 6);
      const read = async (options: Parameters<EventStore['readStream']>[1]): Promise<unknown[]> =>
        numbers(await store.readStream(stream, options));
      expect(await read({ direction: 'forward' })).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await read({ from: 2 })).toEqual([2, 3, 4, 5]);
      expect(await read({ from: 2, limit: 2 })).toEqual([2, 3]);
      expect(await read({ limit: 1 })).toEqual([0]);
      expect(await read({ from: 6 })).toEqual([]);
      expect(await read({ from: 60 })).toEqual([]);
      expect(await read({ direction: 'backward' })).toEqual([5, 4, 3, 2, 1, 0]);
      expect(await read({ direction: 'backward', from: 3 })).toEqual([3, 2, 1, 0]);
      expect(await read({ direction: 'backward', from: 3, limit: 2 })).toEqual([3, 2]);
      expect(await read({ direction: 'backward', limit: 1 })).toEqual([5]);
      expect(await read({ direction: 'backward', from: 0, limit: 3 })).toEqual([0]);
    });

    it('reads its prefix of the log in order, page by page, up to the head', async () => {
      const [mine, other] = [freshContext(), `${freshContext()}x`];
      for (let n = 0; n < 7; n++) {
        const stream = `${n % 2 === 0 ? mine : other}.Thing-${n}`;
        await store.append(stream, 'no-stream', chained(stream, 'no-stream', event({ n }), event({ n: `${n}b` })));
      }
      const expected = [0, '0b', 2, '2b', 4, '4b', 6, '6b'];
      const all = await collect(store.readAll({ prefix: `${mine}.`, after: LOG_START, pageSize: 3 }));
      expect(numbers(all)).toEqual(expected);
      expect(all.map(({ position }) => position)).toEqual([...all].map(({ position }) => position).sort((a, b) => a - b));
      for (const [n, { position }] of all.entries()) {
        expect(numbers(await collect(store.readAll({ prefix: `${mine}.`, after: position, pageSize: 2 })))).toEqual(expected.slice(n + 1));
      }
      const pages: { position: number; count: number }[] = [];
      for await (const page of store.readAll({ prefix: `${mine}.`, after: LOG_START, pageSize: 3 })) {
        pages.push({ position: page.position, count: page.events.length });
        for (const { position } of page.events) expect(position).toBeLessThanOrEqual(page.position);
      }
      expect(pages.at(-1)!.position).toBeGreaterThanOrEqual(all.at(-1)!.position);
      // Before that a shared server may hold what others have damaged on purpose.
      const everything = await collect(store.readAll({ prefix: '', after: all[0]!.position }));
      const contexts = everything.map(({ stream }) => stream.split('.')[0]);
      expect(contexts).toEqual(expect.arrayContaining([mine, other]));
    });

    it('goes on from every position that it reported, each event once, also where only others wrote', async () => {
      const [mine, others] = [freshContext(), freshContext()];
      const write = (context: string, n: number) => {
        const stream = `${context}.Thing-${n}`;
        return store.append(stream, 'no-stream', chained(stream, 'no-stream', event({ n })));
      };
      for (const n of [0, 1, 2]) {
        await write(mine, n);
        await Promise.all(Array.from({ length: OTHERS }, (_, other) => write(others, n * OTHERS + other)));
      }
      await write(mine, 3);
      const from = async (after: number): Promise<readonly { readonly position: number; readonly seen: readonly unknown[] }[]> => {
        const reported: { position: number; seen: unknown[] }[] = [];
        const seen: unknown[] = [];
        for await (const page of store.readAll({ prefix: `${mine}.`, after, pageSize: 1 })) {
          seen.push(...numbers(page.events));
          reported.push({ position: page.position, seen: [...seen] });
        }
        return reported;
      };
      const all = [0, 1, 2, 3];
      const stretches = await from(LOG_START);
      expect(stretches.at(-1)?.seen).toEqual(all);
      for (const { position, seen } of stretches) {
        const rest = all.slice(seen.length);
        expect((await from(position)).at(-1)?.seen ?? []).toEqual(rest);
        const stop = new AbortController();
        const followed: unknown[] = [];
        for await (const page of store.subscribe({ prefix: `${mine}.`, after: position, signal: stop.signal })) {
          followed.push(...numbers(page.events));
          if (followed.length >= rest.length) stop.abort();
        }
        expect(followed).toEqual(rest);
      }
    });

    it('knows the head of a prefix', async () => {
      const context = freshContext();
      expect(await store.head(`${context}.`)).toBe(LOG_START);
      const stream = `${context}.Thing-1`;
      const { position } = await store.append(stream, 'no-stream', chained(stream, 'no-stream', event()));
      expect(await store.head(`${context}.`)).toBe(position);
      expect(await store.head('')).toBeGreaterThanOrEqual(position);
      for (let n = 0; n < 3; n++) {
        await grow(newStream(), 2);
        expect(await store.head(`${context}.`)).toBe(position);
      }
      const version = { revision: 0, hash: (await store.readStream(stream))[0]!.hash };
      const next = await store.append(stream, version, chained(stream, version, event(), event()));
      await grow(newStream(), 1);
      expect(await store.head(`${context}.`)).toBe(next.position);
    });

    it('delivers to a subscription what was there before, what comes after, and nothing of others', async () => {
      const context = freshContext();
      const stop = new AbortController();
      const seen: unknown[] = [];
      const first = `${context}.Thing-1`;
      const version = await grow(first, 2);
      const done = (async () => {
        for await (const page of store.subscribe({ prefix: `${context}.`, after: LOG_START, signal: stop.signal })) {
          seen.push(...numbers(page.events));
          if (seen.length >= 4) stop.abort();
        }
      })();
      await grow(newStream(), 1);
      await store.append(first, version, chained(first, version, event({ n: 2 }), event({ n: 3 })));
      await done;
      expect(seen).toEqual([0, 1, 2, 3]);
    });

    it('ends a subscription when its signal aborts, also while nothing happens', async () => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 50);
      expect(await collect(store.subscribe({ prefix: `${freshContext()}.`, after: LOG_START, signal: stop.signal }))).toEqual([]);
    });

    it(`never skips an event and keeps each stream's order under ${WRITERS} concurrent writers`, async () => {
      const context = freshContext();
      const stop = new AbortController();
      const total = WRITERS * ROUNDS * 2;
      const follow = async (): Promise<StoredEvent[]> => {
        const seen: StoredEvent[] = [];
        for await (const page of store.subscribe({ prefix: `${context}.`, after: LOG_START, signal: stop.signal })) {
          seen.push(...page.events);
          if (seen.length >= total) break;
        }
        return seen;
      };
      const followers = [follow(), follow()];
      await Promise.all(
        Array.from({ length: WRITERS }, async (_, writer) => {
          const stream = `${context}.Thing-${writer}`;
          let version: StreamVersion | 'no-stream' = 'no-stream';
          for (let round = 0; round < ROUNDS; round++) {
            const events: readonly SealedEvent[] = chained(
              stream,
              version,
              event({ n: `${writer}.${round}a` }),
              event({ n: `${writer}.${round}b` }),
            );
            await store.append(stream, version, events);
            version = versionAfter(version, events);
          }
        }),
      );
      const log = await collect(store.readAll({ prefix: `${context}.`, after: LOG_START }));
      for (const seen of await Promise.all(followers)) expect(seen.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
      const revisions = new Map<string, number>();
      for (const { stream, revision } of log) {
        expect(revision).toBe((revisions.get(stream) ?? -1) + 1);
        revisions.set(stream, revision);
      }
      expect(log).toHaveLength(total);
    });

    it('reports a damaged record with its place, and serves what is sound', async ({ skip }) => {
      if (!subject.damage) return skip();
      const context = freshContext();
      const [stream, whole] = [`${context}.Thing-1`, `${context}.Thing-2`];
      await grow(whole, 1);
      await grow(stream, 4);
      const { position } = (await store.readStream(stream))[2]!;
      await subject.damage(stream, 2);
      const facts = { stream, revision: 2, position };
      await expectRejection(store.readStream(stream), 'data-loss', 'damaged-record', facts);
      await expectRejection(store.readStream(stream, { from: 2, limit: 1 }), 'data-loss', 'damaged-record', facts);
      await expectRejection(store.readStream(stream, { direction: 'backward', limit: 2 }), 'data-loss', 'damaged-record', facts);
      expect(numbers(await store.readStream(stream, { limit: 2 }))).toEqual([0, 1]);
      expect(numbers(await store.readStream(whole))).toEqual([0]);
      for (const pages of [
        store.readAll({ prefix: `${context}.`, after: LOG_START }),
        store.subscribe({ prefix: `${context}.`, after: LOG_START, signal: new AbortController().signal }),
      ]) {
        const seen: StoredEvent[] = [];
        const failure = await rejection(
          (async () => {
            for await (const page of pages) seen.push(...page.events);
          })(),
        );
        expect(failure).toMatchObject({ reason: 'damaged-record', facts });
        expect(numbers(seen)).toEqual([0, 0, 1]);
      }
    });

    it('holds what it acknowledged after it was opened again, and goes on from there', async () => {
      const stream = newStream();
      const version = await grow(stream, 3);
      const before = await store.readStream(stream);
      store = await subject.reopen();
      expect(await store.readStream(stream)).toEqual(before);
      const { position } = await store.append(stream, version, chained(stream, version, event({ n: 3 })));
      expect(position).toBeGreaterThan(before.at(-1)!.position);
    });
  });
};
