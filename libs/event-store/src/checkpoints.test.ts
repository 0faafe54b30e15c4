import { Rejection } from '@sanwang/kernel';
import { expect, it } from 'vitest';
import { checkCheckpoints } from './checkpoint-check.ts';
import { signCheckpoints, startCheckpointing } from './checkpoint-signing.ts';
import { checkpointKey, type LogCheckpoint, type SignedCheckpoints } from './checkpoints.ts';
import { chained, event } from './conformance/samples.ts';
import type { EventReader, StoredEvent } from './port.ts';

const key = checkpointKey(new Uint8Array(32).fill(3));
const wall = { now: () => '2026-11-24T08:00:00.000Z' };

const memoryCheckpoints = (): SignedCheckpoints & { readonly kept: LogCheckpoint[] } => {
  const kept: LogCheckpoint[] = [];
  const of = (context: string): LogCheckpoint[] => kept.filter((one) => one.context === context);
  return {
    kept,
    async append(checkpoint) {
      if ((of(checkpoint.context).at(-1)?.signature ?? '') !== checkpoint.previous) throw new Rejection('conflict', 'checkpoint-moved', '');
      kept.push(checkpoint);
    },
    last: async (context) => of(context).at(-1),
    read: async (context, { events, limit }) =>
      of(context)
        .filter((one) => one.events > events)
        .slice(0, limit),
    contexts: async () => [...new Set(kept.map(({ context }) => context))],
    close: async () => undefined,
  };
};

/** Streams `one.Thing-0` … of two contexts, whose events are written in turns; `write` may tell another story for a stream. */
const write = (streams: number, length: number, otherwise: Readonly<Record<string, string>> = {}): StoredEvent[] => {
  const names = Array.from({ length: streams }, (_, index) => `${index % 2 ? 'two' : 'one'}.Thing-${index}`);
  const contents = names.map((name) =>
    chained(
      name,
      'no-stream',
      ...Array.from({ length }, (_, n) => ({ ...event({ text: otherwise[`${name}@${n}`] ?? n }), id: `${name}@${n}` })),
    ),
  );
  return Array.from({ length: streams * length }, (_, place) => {
    const [stream, revision] = [place % streams, Math.trunc(place / streams)];
    return { ...contents[stream]![revision]!, stream: names[stream]!, revision, position: place };
  });
};
const logOf = (events: readonly StoredEvent[]): Pick<EventReader, 'readAll' | 'head'> => ({
  head: async (prefix) => events.filter(({ stream }) => stream.startsWith(prefix)).at(-1)?.position ?? -1,
  async *readAll({ prefix, after, pageSize = 100 }) {
    const found = events.filter(({ stream, position }) => stream.startsWith(prefix) && position > after);
    for (let start = 0; start < found.length; start += pageSize) {
      const page = found.slice(start, start + pageSize);
      yield { events: page, position: page.at(-1)!.position };
    }
  },
});
const sign = async (events: readonly StoredEvent[], checkpoints = memoryCheckpoints()) => {
  for (const context of ['one', 'two']) await signCheckpoints(context, { store: logOf(events), checkpoints, key, wall });
  return checkpoints;
};
const faultsOf = async (events: readonly StoredEvent[], checkpoints: SignedCheckpoints) => {
  const check = await checkCheckpoints(checkpoints, key);
  for (let start = 0; start < events.length; start += 7) await check.take(events.slice(start, start + 7));
  return (await check.end()).map(({ context, position }) => [context, position]);
};

it('finds nothing in a log that is as it was, however it was signed and whatever came after', async () => {
  const events = write(10, 300);
  const checkpoints = memoryCheckpoints();
  for (const end of [5, 6, 700, 2_900]) await sign(events.slice(0, end), checkpoints);
  expect(checkpoints.kept.filter(({ context }) => context === 'one').map((one) => one.events)).toEqual([3, 350, 1_350, 1_450]);
  expect(await faultsOf(events, checkpoints)).toEqual([]);
});

it('names the first event that was replaced, although every chain was made anew', async () => {
  const checkpoints = await sign(write(10, 300));
  const replaced = write(10, 300, { 'one.Thing-4@120': 'nothing was found' });
  expect(await faultsOf(replaced, checkpoints)).toEqual([['one', 1_204]]);
});

it('names the first event behind a stream that was removed as a whole', async () => {
  const events = write(10, 300);
  const checkpoints = await sign(events);
  const rest = events.filter(({ stream }) => stream !== 'two.Thing-3').map((one, position) => ({ ...one, position }));
  expect(await faultsOf(rest, checkpoints)).toEqual([['two', 4]]);
});

it('names the place behind the last event when the end was cut off, or a whole context', async () => {
  const events = write(10, 300);
  const checkpoints = await sign(events);
  expect(await faultsOf(events.slice(0, 2_991), checkpoints)).toEqual([
    ['two', 2_990],
    ['one', 2_991],
  ]);
  expect(
    await faultsOf(
      events.filter(({ stream }) => stream.startsWith('one.')),
      checkpoints,
    ),
  ).toEqual([['two', 0]]);
});

it('names the checkpoint that was altered, left out, or signed by somebody else', async () => {
  const events = write(10, 300);
  const checkpoints = memoryCheckpoints();
  for (const end of [1_000, 2_000, 3_000]) await sign(events.slice(0, end), checkpoints);
  const spoilt = async (change: (kept: LogCheckpoint[]) => LogCheckpoint[]) => {
    const others = memoryCheckpoints();
    others.kept.push(...change(checkpoints.kept.filter(({ context }) => context === 'one')));
    return faultsOf(events, others);
  };
  expect(await spoilt((kept) => kept)).toEqual([]);
  expect(await spoilt(([first, second, third]) => [first!, { ...second!, events: second!.events - 1 }, third!])).toEqual([['one', 1_998]]);
  expect(await spoilt(([first, , third]) => [first!, third!])).toEqual([['one', 2_998]]);
  const stranger = checkpointKey(new Uint8Array(32).fill(4));
  expect(await spoilt(([first, second]) => [first!, stranger.sign(second!)])).toEqual([['one', 1_998]]);
});

it('goes on signing from what is there, and not from what it has not signed', async () => {
  const events = write(4, 10);
  const checkpoints = await sign(events.slice(0, 20));
  await sign(events.slice(0, 20), checkpoints);
  expect(checkpoints.kept).toHaveLength(2);
  await sign(events, checkpoints);
  expect(checkpoints.kept).toHaveLength(4);
  checkpoints.kept[2] = { ...checkpoints.kept[2]!, digest: 'f'.repeat(64) };
  await expect(signCheckpoints('one', { store: logOf(write(4, 20)), checkpoints, key, wall })).rejects.toMatchObject({
    reason: 'checkpoint-damaged',
  });
});

it('signs what stands before a damaged record, and tells of the record', async () => {
  const events = write(2, 10);
  const damaged = {
    ...logOf(events),
    async *readAll(): AsyncGenerator<{ events: StoredEvent[]; position: number }> {
      yield { events: events.filter(({ stream }) => stream.startsWith('one.')).slice(0, 4), position: 6 };
      throw new Rejection('data-loss', 'damaged-record', 'x');
    },
  };
  const checkpoints = memoryCheckpoints();
  await expect(signCheckpoints('one', { store: damaged, checkpoints, key, wall })).rejects.toMatchObject({ reason: 'damaged-record' });
  expect(checkpoints.kept).toMatchObject([{ events: 4, position: 6 }]);
});

it('signs from time to time, once more at the end, and nothing when nothing came', async () => {
  let events = write(2, 10).slice(0, 4);
  const checkpoints = memoryCheckpoints();
  const stop = new AbortController();
  const signed: number[] = [];
  const store: Pick<EventReader, 'readAll' | 'head'> = {
    head: (prefix) => logOf(events).head(prefix),
    readAll: (options) => logOf(events).readAll(options),
  };
  const parts = { store, checkpoints, key, wall, context: 'one', signal: stop.signal, everyMs: 5 };
  const done = startCheckpointing({ ...parts, onSigned: ({ events: count }) => void signed.push(count) });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(signed).toEqual([2]);
  events = write(2, 10);
  stop.abort();
  await done;
  expect(signed).toEqual([2, 10]);
});
