import { join } from 'node:path';
import { commandIdOf } from '@sanwang/event-store';
import { collect } from '@sanwang/event-store/conformance';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openEventLogReader } from './eventlog-reader.ts';
import { startFixture } from './fixtures/start.ts';
import { testFolder } from './fixtures/folder.ts';

const ROUNDS = 4;
const SEED = 20261123;

let folder: ReturnType<typeof testFolder>;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

/** mulberry32 */
const random = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

it('loses no acknowledged command and applies none twice when it is killed under load', async () => {
  const next = random(SEED);
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const child = startFixture('appending-process.ts', folder.path, String(round));
    const least = acknowledged.length + 1;
    await eventually(() => expect(child.lines().length, child.errors()).toBeGreaterThan(0), 20_000);
    await new Promise((resolve) => setTimeout(resolve, next() * 300));
    await child.kill();
    acknowledged.push(...child.lines());
    expect(acknowledged.length).toBeGreaterThanOrEqual(least);

    const reader = openEventLogReader(join(folder.path, 'log.db'));
    const log = await collect(reader.readAll({ prefix: '', after: -1 }));
    await reader.close();
    const eventsOf = Map.groupBy(log, ({ metadata }) => (JSON.parse(metadata) as { commandId: string }).commandId);
    for (const line of acknowledged) {
      const [stream, actor, key, revision] = line.split(' ') as [string, string, string, string];
      const events = eventsOf.get(commandIdOf({ actor, method: 'notebook/Change' }, stream, key));
      expect(
        events?.map((one) => one.revision),
        `seed ${SEED}: ${line}`,
      ).toEqual([Number(revision) - 1, Number(revision)]);
    }
    for (const events of eventsOf.values()) expect(events).toHaveLength(2);
  }
  expect(acknowledged.length).toBeGreaterThan(100);
}, 60_000);
