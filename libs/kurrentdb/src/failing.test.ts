import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommandHandler, LOG_START, type EventStore, type SealedEvent, type StreamVersion } from '@sanwang/event-store';
import {
  add,
  chained,
  collect,
  event,
  expectRejection,
  freshContext,
  notebook,
  notebookCatalogue,
  rejection,
  sentBy,
  versionAfter,
} from '@sanwang/event-store/conformance';
import { wallClock } from '@sanwang/kernel';
import { openKeys } from '@sanwang/sqlite';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startKurrentDbDouble, type KurrentDbDouble } from './double.ts';
import { AWAY, DEADLINE_MS, first, newStream, patiently } from './fixtures/trying.ts';
import { openKurrentDb } from './index.ts';

const COMMANDS = 30;

let double: KurrentDbDouble;
let store: EventStore;
beforeEach(async () => {
  double = await startKurrentDbDouble();
  store = openKurrentDb(double.connectionString, { deadlineMs: DEADLINE_MS });
});
afterEach(async () => {
  await store.close();
  await double.close();
});

it('takes an append whose acknowledgement was lost once, when it is sent again', async () => {
  const stream = newStream();
  const events = first(stream, 1);
  double.faults.cutBeforeAnswer(1);
  await expectRejection(store.append(stream, 'no-stream', events), ...AWAY);
  const place = await patiently(() => store.append(stream, 'no-stream', events));
  const stored = await store.readStream(stream);
  expect(stored.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  expect(place).toEqual({ revision: 1, position: stored[1]!.position });
});

it('never acknowledges other bytes under the ids of what is stored: the chain would break with the next event', async () => {
  const stream = newStream();
  const [one] = first(stream, 1);
  await store.append(stream, 'no-stream', [one!]);
  const again = chained(stream, 'no-stream', { ...one!, metadata: one!.metadata.replace('08:00', '09:00') });
  expect(again[0]!.id).toBe(one!.id);
  await expectRejection(store.append(stream, 'no-stream', again), 'conflict', 'stream-moved', { revision: 0 });
});

it('carries out each command once, however often acknowledgements are lost and the server is restarted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kurrentdb-failing-'));
  const keys = openKeys(join(folder, 'keys.db'));
  const context = freshContext();
  const book = notebook(context);
  const catalogue = notebookCatalogue(context);
  const newHandler = () => createCommandHandler({ store, keys, catalogue, clock: wallClock, partitionOf: () => 0 });
  const handlers = [newHandler(), newHandler()];
  const ids = ['1', '2', '3'];
  const disturb = setInterval(() => double.faults.cutBeforeAnswer(1), 100);
  const restarts = (async () => {
    for (let n = 0; n < 2; n++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      await double.restart(30);
    }
  })();
  await Promise.all(
    Array.from({ length: COMMANDS }, async (_, n) => {
      const command = add(n);
      await patiently(() => handlers[n % 2]!.execute(book, ids[n % 3]!, command, sentBy(command, `key-${n}`)));
    }),
  );
  await restarts;
  clearInterval(disturb);
  double.faults.cutBeforeAnswer(0);
  const notes = await patiently(() => Promise.all(ids.map(async (id) => (await newHandler().load(book, id)).state.notes)));
  expect(notes.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: COMMANDS }, (_, n) => n));
  await keys.close();
  rmSync(folder, { recursive: true });
});

it('answers within its deadline when the server is slow or silent, and says that it may be tried again', async () => {
  const stream = newStream();
  await store.append(stream, 'no-stream', first(stream, 1));
  const [slow, silent] = [() => double.faults.slow(4 * DEADLINE_MS), () => double.faults.silent(true)];
  for (const begin of [slow, silent]) {
    begin();
    const start = performance.now();
    const other = newStream();
    const failures = await Promise.all([
      rejection(store.append(other, 'no-stream', first(other, 1))),
      rejection(store.readStream(stream)),
      rejection(store.head('')),
      rejection(collect(store.readAll({ prefix: '', after: LOG_START }))),
    ]);
    expect(performance.now() - start).toBeLessThan(3 * DEADLINE_MS);
    for (const failure of failures) expect([failure.code, failure.reason]).toEqual(AWAY);
    double.faults.slow(0);
    double.faults.silent(false);
    await patiently(() =>
      store.append(other, 'no-stream', first(other, 1)).catch((error: { code: string }) => expect(error.code).toBe('conflict')),
    );
  }
});

it('is unavailable while the server is away, at once, and comes back with it', async () => {
  const stream = newStream();
  await store.append(stream, 'no-stream', first(stream, 1));
  await double.restart();
  expect(await patiently(() => store.readStream(stream))).toHaveLength(2);
  await double.close();
  await expectRejection(store.readStream(stream), ...AWAY);
  await expectRejection(store.append(stream, 'no-stream', first(stream, 2)), ...AWAY);
  await expectRejection(store.head(''), ...AWAY);
});

it('says when the disk of the server is full, keeps reading, and recovers by itself', async () => {
  const stream = newStream();
  const version = versionAfter('no-stream', first(stream, 1));
  await store.append(stream, 'no-stream', first(stream, 1));
  const stored = await store.readStream(stream);
  const next = chained(stream, { ...version, hash: stored[1]!.hash }, event());
  double.faults.full(true);
  await expectRejection(store.append(stream, version, next), 'resource-exhausted', 'storage-full');
  expect(await store.readStream(stream)).toHaveLength(2);
  double.faults.full(false);
  expect(await store.append(stream, version, next)).toMatchObject({ revision: 2 });
});

it('says when one append is more than the server takes', async () => {
  const stream = newStream();
  const big = Array.from({ length: 20 }, () => event({ text: 'x'.repeat(60_000) }));
  await expectRejection(store.append(stream, 'no-stream', chained(stream, 'no-stream', ...big)), 'resource-exhausted', 'append-too-large');
  expect(await store.readStream(stream)).toEqual([]);
});

it('follows through cuts and restarts, skipping nothing, repeating nothing, while others write', async () => {
  const context = freshContext();
  const stop = new AbortController();
  const total = 600;
  const followed: string[][] = [[], []];
  const following = followed.map(async (seen) => {
    for await (const page of store.subscribe({ prefix: `${context}.`, after: LOG_START, signal: stop.signal })) {
      seen.push(...page.events.map(({ id }) => id));
    }
  });
  const writing = Promise.all(
    Array.from({ length: 6 }, async (_, writer) => {
      const stream = `${context}.Thing-${writer}`;
      const elsewhere = `${context}x.Thing-${writer}`;
      const others = chained(elsewhere, 'no-stream', event());
      let version: StreamVersion | 'no-stream' = 'no-stream';
      for (let n = 0; n < total / 6; n++) {
        const events: readonly SealedEvent[] = chained(stream, version, event({ n }));
        const before = version;
        await patiently(() => store.append(stream, before, events));
        if (n === 0) await patiently(() => store.append(elsewhere, 'no-stream', others));
        version = versionAfter(version, events);
      }
    }),
  );
  for (const [n, disturb] of [
    () => double.faults.cut(),
    () => double.restart(50),
    () => double.faults.cut(),
    () => double.restart(0),
  ].entries()) {
    await new Promise((resolve) => setTimeout(resolve, 60 + 20 * n));
    await disturb();
  }
  await writing;
  const log = await patiently(() => collect(store.readAll({ prefix: `${context}.`, after: LOG_START })));
  expect(log).toHaveLength(total);
  await eventually(() => expect(followed.map((seen) => seen.length)).toEqual([total, total]), 10_000);
  stop.abort();
  await Promise.all(following);
  for (const seen of followed) expect(seen).toEqual(log.map(({ id }) => id));
});
