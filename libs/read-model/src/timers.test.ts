import { defineCatalogue, defineEvent, fixedClock, type Aggregate, type DomainEvent, type Instant } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import { eventually } from '@sanwang/testing';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { ModelPage, ModelQuery, ModelReader } from './port.ts';
import { startTimers, type TimersOptions } from './timers.ts';
import { timersModel, type StreamTimers } from './timers-model.ts';

const day = (number: number): Instant => `2026-01-${String(number).padStart(2, '0')}T00:00:00.000Z`;

/** A double of the timers model's reader over documents in memory. */
const memoryReader = () => {
  const documents = new Map<string, StreamTimers>();
  const query = async ({ where, limit, pageToken }: ModelQuery): Promise<ModelPage<StreamTimers>> => {
    const found = [...documents.values()]
      .filter(({ nextDue }) => where!.every(({ lte, gt }) => (lte ? nextDue <= lte : nextDue > gt!)))
      .sort((left, right) => (left.nextDue < right.nextDue ? -1 : 1))
      .slice(Number(pageToken ?? 0));
    const next = String(Number(pageToken ?? 0) + limit);
    return { items: found.slice(0, limit), ...(found.length > limit ? { nextPageToken: next } : {}) };
  };
  const set = (stream: string, ...timers: { name: string; due: Instant }[]): void => {
    if (timers[0]) documents.set(stream, { stream, timers, nextDue: timers[0].due });
    else documents.delete(stream);
  };
  return { reader: { query } as Partial<ModelReader<StreamTimers>> as ModelReader<StreamTimers>, set };
};

const stops: AbortController[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop.abort()));
const start = (options: Pick<TimersOptions, 'reader' | 'clock' | 'fire'> & Partial<TimersOptions>) => {
  const stop = new AbortController();
  stops.push(stop);
  return startTimers({ signal: stop.signal, retry: { first: 1, max: 5 }, ...options });
};

it('fires everything that came due during an outage, once each, in the order of the due instants', async () => {
  const { reader, set } = memoryReader();
  set('t.Task-b', { name: 'limit', due: day(2) }, { name: 'reminder', due: day(4) });
  set('t.Task-a', { name: 'limit', due: day(3) });
  set('t.Task-c', { name: 'limit', due: day(9) });
  const fired: string[] = [];
  const timers = start({
    reader,
    clock: fixedClock(day(8)),
    concurrency: 1,
    fire: async (stream, name, due) => void fired.push(`${stream} ${name} ${due}`),
  });
  await eventually(async () => expect(await timers.idle(day(8))).toBe(true));
  timers.wake();
  await eventually(async () => expect(await timers.idle(day(8))).toBe(true));
  expect(fired).toEqual([`t.Task-b limit ${day(2)}`, `t.Task-b reminder ${day(4)}`, `t.Task-a limit ${day(3)}`]);
  expect(await timers.idle(day(9))).toBe(false);
});

it('stays quiet until the clock moves, then fires what that made due', async () => {
  const { reader, set } = memoryReader();
  const clock = fixedClock(day(1));
  for (let index = 0; index < 1_200; index++) set(`t.Task-${index}`, { name: 'limit', due: day(2) });
  let fired = 0;
  const timers = start({ reader, clock, fire: async (stream) => (fired++, set(stream)) });
  await eventually(async () => expect(await timers.idle(day(1))).toBe(true));
  expect(fired).toBe(0);
  clock.set(day(2));
  timers.wake();
  expect(await timers.idle(day(2))).toBe(false);
  await eventually(async () => {
    timers.wake();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await timers.idle(day(2))).toBe(true);
  });
  expect(fired).toBe(1_200);
});

it('tries a timer again that could not be fired, while others go on', async () => {
  const { reader, set } = memoryReader();
  set('t.Task-a', { name: 'limit', due: day(1) });
  set('t.Task-b', { name: 'limit', due: day(2) });
  const fired: string[] = [];
  const errors: unknown[] = [];
  const timers = start({
    reader,
    clock: fixedClock(day(3)),
    onError: (error) => errors.push(error),
    fire: async (stream) => {
      if (stream === 't.Task-a' && errors.length < 3) throw new Error('away');
      fired.push(stream);
    },
  });
  await eventually(async () => expect(await timers.idle(day(3))).toBe(true));
  expect(errors).toHaveLength(3);
  expect(fired).toEqual(['t.Task-b', 't.Task-a']);
});

it('fires by itself when the wall clock reaches a due instant', async () => {
  const { reader, set } = memoryReader();
  set('t.Task-a', { name: 'limit', due: new Date(Date.now() + 60).toISOString() });
  const fired: string[] = [];
  start({ reader, clock: { now: () => new Date().toISOString() }, fire: async (stream) => (set(stream), void fired.push(stream)) });
  expect(fired).toEqual([]);
  await eventually(() => expect(fired).toEqual(['t.Task-a']));
});

it('fires what became due between looking and going to sleep', async () => {
  const { reader, set } = memoryReader();
  set('t.Task-a', { name: 'limit', due: day(2) });
  const fired: string[] = [];
  const instants = [day(1)];
  start({ reader, clock: { now: () => instants.shift() ?? day(3) }, fire: async (stream) => (set(stream), void fired.push(stream)) });
  await eventually(() => expect(fired).toEqual(['t.Task-a']));
});

it('ends when it is told to, after what is in flight', async () => {
  const { reader, set } = memoryReader();
  set('t.Task-a', { name: 'limit', due: day(1) });
  const stop = new AbortController();
  let ended = false;
  const timers = start({
    reader,
    clock: fixedClock(day(2)),
    signal: stop.signal,
    fire: async () => {
      stop.abort();
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
    },
  });
  await timers.done;
  expect(ended).toBe(true);
});

it('knows from the events of a stream which timers stand', () => {
  const Set_ = defineEvent('Set', { visibility: 'private', description: 'x', schema: z.object({ name: z.string(), due: z.string() }) });
  const Cleared = defineEvent('Cleared', { visibility: 'private', description: 'x', schema: z.object({ name: z.string() }) });
  const aggregate: Pick<Aggregate<never, DomainEvent, unknown>, 'context' | 'name' | 'timers'> = {
    context: 't',
    name: 'Task',
    timers: ({ type, data }) => {
      const { name, due } = data as { name: string; due: string };
      return type === 'Set' ? [{ name, due }] : [{ name, cancel: true }];
    },
  };
  const model = timersModel(defineCatalogue('t', { Set_, Cleared }), [aggregate])!;
  let doc: StreamTimers | undefined;
  const apply = (type: string, data: unknown): void => {
    doc = model.on[`t.${type}`]!.project(doc, { stream: 't.Task-1', type, data } as PublishedEvent);
  };
  apply('Set', { name: 'limit', due: day(5) });
  apply('Set', { name: 'reminder', due: day(3) });
  expect(doc).toEqual({
    stream: 't.Task-1',
    timers: [
      { name: 'reminder', due: day(3) },
      { name: 'limit', due: day(5) },
    ],
    nextDue: day(3),
  });
  apply('Set', { name: 'reminder', due: day(7) });
  expect(doc!.nextDue).toBe(day(5));
  apply('Cleared', { name: 'limit' });
  apply('Cleared', { name: 'reminder' });
  expect(doc).toBeUndefined();
  expect(timersModel(defineCatalogue('t', { Set_ }), [{ context: 't', name: 'Task' }])).toBeUndefined();
});
