import type { StoredEvent } from '@sanwang/event-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { inParallel, live, sayTo, type Fate } from './lives.ts';
import { hostPlatform, removeFolder, type HostedPlatform } from './platform.ts';
import { faultsFound } from './verified.ts';

const BEGIN = '2026-03-02T01:00:00.000Z';
/** The last instant of the fifth day after in the city's time zone, UTC+8. */
const DUE = '2026-03-07T15:59:59.999Z';

const overdueEvents = async ({ host }: HostedPlatform): Promise<readonly StoredEvent[]> => {
  const found: StoredEvent[] = [];
  for await (const page of host.ports.store.readAll({ prefix: 'patrol.', after: -1 }))
    found.push(...page.events.filter(({ type }) => type === 'RectificationOverdue'));
  return found;
};
const occurredAt = ({ metadata }: StoredEvent): string => (JSON.parse(metadata) as { at: string }).at;

let platform: HostedPlatform;
beforeAll(async () => {
  platform = await hostPlatform();
  await foundCity(platform, { clock: BEGIN });
});
afterAll(async () => {
  await platform.host.drain();
  removeFolder(platform.folder);
});

test('limits that pass while the clock jumps fire once each, at their due instant, ten of them at once', async () => {
  const fates = Array.from({ length: 10 }, (_, n): Fate => ({
    name: `t${n}`,
    district: n % 2 ? 'north' : 'south',
    end: 'order',
    limitDays: 5,
  }));
  const lived = await inParallel(fates, 5, (fate) => live(fate, sayTo(platform)));
  const { simulation } = clientsOf(platform, people.operator);
  await simulation.advanceClock({ to: '2026-03-07T15:59:59.998Z' });
  expect(await overdueEvents(platform)).toEqual([]);

  await simulation.advanceClock({ to: '2026-03-14T01:00:00.000Z' }, { timeoutMs: 20_000 });
  const fired = await overdueEvents(platform);
  expect(fired.map(({ stream }) => stream).sort()).toEqual(lived.map(({ order }) => `patrol.Rectification-${order}`).sort());
  expect(new Set(fired.map(occurredAt))).toEqual(new Set([DUE]));
  await simulation.advanceClock({ to: '2026-03-21T01:00:00.000Z' }, { timeoutMs: 20_000 });
  expect(await overdueEvents(platform)).toHaveLength(10);
  const { items } = await clientsOf(platform, people.auditor).patrol.listRectifications({ overdue: true });
  expect(items).toHaveLength(10);
});

test("a limit that passes during a week's outage fires once after the restart, at its due instant", async () => {
  // A live deployment, whose wall clock the test holds: it stands before the limit, then, at the next start, a week after it.
  let now = Date.now();
  const wall = { now: () => new Date(now).toISOString() };
  const before = await hostPlatform({ wall });
  await foundCity(before);
  const { order } = await live({ name: 'outage', district: 'north', end: 'order', limitDays: 2 }, sayTo(before));
  await before.settled();
  const { dueAt } = await clientsOf(before, people.auditor).patrol.getRectification({ id: order! });
  await before.host.drain();

  now += 9 * 24 * 3_600_000;
  const after = await hostPlatform({ folder: before.folder, wall });
  await after.settled();
  const fired = await overdueEvents(after);
  expect(fired.map((event) => [event.stream, occurredAt(event)])).toEqual([[`patrol.Rectification-${order}`, dueAt]]);
  await after.host.drain();

  const again = await hostPlatform({ folder: before.folder, wall });
  await again.settled();
  expect(await overdueEvents(again)).toHaveLength(1);
  expect(await faultsFound(again)).toEqual([]);
  await again.host.drain();
  removeFolder(before.folder);
});
