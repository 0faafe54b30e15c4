import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LOG_START, type SealedEvent, type StoredEvent, type StreamVersion } from '@sanwang/event-store';
import { chained, collect, event, versionAfter } from '@sanwang/event-store/conformance';
import type { Rejection } from '@sanwang/kernel';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEventLog, type EventLog } from './eventlog.ts';
import { openEventLogReader } from './eventlog-reader.ts';
import { testFolder } from './fixtures/folder.ts';

let folder: ReturnType<typeof testFolder>;
let path: string;
let log: EventLog;
beforeEach(() => {
  folder = testFolder();
  path = join(folder.path, 'log.db');
  log = openEventLog(path);
});
afterEach(async () => {
  await log.close();
  folder.remove();
});

const append = async (
  stream: string,
  version: StreamVersion | 'no-stream' = 'no-stream',
  data: unknown = { n: 1 },
): Promise<StreamVersion> => {
  const events: readonly SealedEvent[] = chained(stream, version, event(data));
  await log.append(stream, version, events);
  return versionAfter(version, events);
};
const all = { prefix: '', after: LOG_START };

it('commits what waits at the same time in one transaction, each conflict being its own', async () => {
  await append('patrol.Task-0');
  const before = log.stats();
  const results = await Promise.allSettled(Array.from({ length: 64 }, (_, n) => append(`patrol.Task-${n}`)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', ...Array.from({ length: 63 }, () => 'fulfilled')]);
  const after = log.stats();
  expect([after.commits - before.commits, after.appends - before.appends, after.conflicts]).toEqual([1, 63, 1]);
  expect(after.fsyncs).toBe(2);
});

it('tells how long its longest stream is', async () => {
  await append('patrol.Task-2');
  await append('patrol.Task-1', await append('patrol.Task-1', await append('patrol.Task-1')));
  expect(log.stats().longestStream).toBe(3);
});

it('acknowledges what was on its way when it is closed, and refuses afterwards', async () => {
  const pending = append('patrol.Task-1');
  await log.close();
  await pending;
  await expect(append('patrol.Task-2')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(log.readStream('patrol.Task-1')).rejects.toMatchObject({ code: 'unavailable' });
  log = openEventLog(path);
  expect(await collect(log.readAll(all))).toHaveLength(1);
});

it('refuses appends on a full disk, keeps reading, and recovers by itself', async () => {
  const big = { text: 'x'.repeat(30_000) };
  await append('patrol.Task-0', 'no-stream', big);
  log.limitPages(40);
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => append(`patrol.Task-1${n}`, 'no-stream', big)));
  for (const result of results) {
    expect(result.status === 'rejected' && (result.reason as Rejection)).toMatchObject({
      code: 'resource-exhausted',
      reason: 'storage-full',
    });
  }
  expect(await log.readStream('patrol.Task-0')).toHaveLength(1);
  expect(await collect(log.readAll(all))).toHaveLength(1);
  log.limitPages(100_000);
  await Promise.all(Array.from({ length: 20 }, (_, n) => append(`patrol.Task-1${n}`, 'no-stream', big)));
  const positions = (await collect(log.readAll(all))).map(({ position }) => position);
  expect(positions).toHaveLength(21);
});

it('is read beside its writer, and followed', async () => {
  const reader = openEventLogReader(path);
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const page of reader.subscribe({ prefix: 'patrol.', after: LOG_START, signal: stop.signal })) {
      seen.push(...page.events.map(({ stream }) => stream));
      if (seen.length === 30) stop.abort();
    }
  })();
  const streams = Array.from({ length: 30 }, (_, n) => `patrol.Task-${n}`);
  for (const stream of streams) {
    await append(stream);
    await append(stream.replace('patrol', 'sampling'));
  }
  await following;
  expect(seen).toEqual(streams);
  expect(await reader.head('')).toBe(await log.head(''));
  expect(reader.faults()).toEqual([]);
  await reader.close();
});

it('refuses a second writer whose log has moved on from the same revision', async () => {
  const version = await append('patrol.Task-1');
  const foreign: StreamVersion = { ...version, hash: 'a'.repeat(64) };
  await expect(append('patrol.Task-1', foreign)).rejects.toMatchObject({ code: 'conflict', reason: 'stream-moved' });
});

it('reports a record that is missing from the middle of its stream', async () => {
  let version = await append('patrol.Task-1');
  for (let n = 0; n < 3; n++) version = await append('patrol.Task-1', version);
  const intruder = new DatabaseSync(path);
  intruder.exec(`DELETE FROM events WHERE revision = 1`);
  intruder.close();
  const damaged = { code: 'data-loss', reason: 'damaged-record', facts: { revision: 2, position: 2 } };
  await expect(log.readStream('patrol.Task-1')).rejects.toMatchObject(damaged);
  await expect(log.readStream('patrol.Task-1', { from: 2 })).rejects.toMatchObject({ reason: 'damaged-record' });
  await expect(collect(log.readAll(all))).rejects.toMatchObject(damaged);
});

it('never serves anything but what was written, whichever byte of the file is altered', async () => {
  const streams = Array.from({ length: 4 }, (_, n) => `patrol.Task-${n}`);
  for (const stream of streams) {
    let version = await append(stream);
    for (let n = 0; n < 3; n++) version = await append(stream, version, { n, text: '巡查' });
  }
  // The position is the store's own and no part of the hash: SQLite's integrity check (`faults`) covers it.
  const key = ({ stream, revision, id, type, data, metadata }: StoredEvent): string =>
    JSON.stringify([stream, revision, id, type, data, metadata]);
  const genuine = new Set((await collect(log.readAll(all))).map((one) => key(one)));
  await log.close();
  const content = readFileSync(path);
  const damagedPath = join(folder.path, 'damaged.db');
  const opened = (): ReturnType<typeof openEventLogReader> | undefined => {
    try {
      return openEventLogReader(damagedPath);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^(data-loss|unavailable)$/) as string });
      return undefined;
    }
  };
  const read = async (): Promise<void> => {
    const reader = opened();
    if (!reader) return;
    try {
      const served = await Promise.allSettled([
        collect(reader.readAll(all)),
        collect(reader.readAll({ ...all, prefix: 'patrol.' })),
        ...streams.map((stream) => reader.readStream(stream)),
      ]);
      for (const result of served) {
        if (result.status === 'fulfilled') for (const one of result.value) expect(genuine).toContain(key(one));
        else expect(result.reason).toMatchObject({ code: expect.stringMatching(/^(data-loss|unavailable)$/) as string });
      }
    } finally {
      await reader.close();
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
      const altered = Buffer.from(content);
      altered[at]! ^= 1 << bit;
      writeFileSync(damagedPath, altered);
      await read();
    }),
    { numRuns: 150 },
  );
  log = openEventLog(path);
  copyFileSync(path, damagedPath);
  await read();
});
