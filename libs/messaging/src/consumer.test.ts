import { eventually } from '@sanwang/testing';
import { Rejection } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { busDouble } from './bus.double.ts';
import { startConsumer, type Consumer, type ConsumerOptions } from './consumer.ts';
import { toMessage } from './envelope.ts';
import { knownTypes } from './known.ts';
import { logDouble } from './log.double.ts';
import { partitionOf } from './murmur2.ts';
import { topicOf, type Bus } from './port.ts';
import { sinkDouble } from './sink.double.ts';

const SOON = 5_000;
const away = new Rejection('unavailable', 'model-store-unavailable', 'away');

describe('consumer', () => {
  let server: ReturnType<typeof busDouble>;
  let bus: Bus;
  let log: ReturnType<typeof logDouble>;
  let abort: AbortController;
  let consumers: Consumer[];

  beforeEach(async () => {
    server = busDouble();
    bus = server.connect();
    log = logDouble('patrol');
    abort = new AbortController();
    consumers = [];
    await bus.ensureTopic(topicOf('patrol'));
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    for (const consumer of consumers) await consumer.done;
    abort = new AbortController();
  };
  afterEach(stop);

  const start = (model: ReturnType<typeof sinkDouble>, options: Partial<ConsumerOptions> = {}): Consumer => {
    const consumer = startConsumer({
      bus,
      sink: model.sink,
      ownContext: 'patrol',
      known: knownTypes([log.catalogue]),
      signal: abort.signal,
      backoff: { firstMs: 5, maxMs: 20 },
      saveEveryMs: 20,
      ...options,
    });
    consumers.push(consumer);
    return consumer;
  };
  const publish = (...events: PublishedEvent[]): Promise<void> => bus.send(topicOf('patrol'), events.map(toMessage));
  const placeOf = (event: PublishedEvent) => ({ context: event.context, partition: partitionOf(event.stream), position: event.position });
  const reached = (consumer: Consumer, ...events: PublishedEvent[]): Promise<unknown> =>
    Promise.all(events.map((event) => consumer.waitFor(placeOf(event), SOON)));

  it('gives the sink every subscribed event once, in the order of its stream', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const events = Array.from({ length: 300 }, (_, n) => log.append(String(n % 9), n));
    await publish(...events);
    await reached(consumer, ...events);
    expect(model.applied).toHaveLength(300);
    expect(model.content()['patrol.Thing-4']).toEqual(events.filter(({ stream }) => stream.endsWith('-4')).map(({ data }) => data));
    expect(await consumer.lag()).toBe(0);
    expect(consumer.status()).toMatchObject({ name: 'patrol.notes', state: 'running', parkedKeys: 0 });
  });

  it('goes on after a restart from what the sink has stored, with nothing twice', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const first = [log.append('a', 1), log.append('b', 1)];
    await publish(...first);
    await reached(start(model), ...first);
    await stop();
    const second = [log.append('a', 2), log.append('c', 1)];
    await publish(...second);
    await reached(start(model), ...first, ...second);
    expect(model.applied).toHaveLength(4);
  });

  it('drops what the relay has published twice', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const events = [log.append('a', 1), log.append('a', 2), log.append('a', 3)];
    await publish(...events);
    await publish(...events.slice(1));
    const last = log.append('a', 4);
    await publish(last);
    await reached(consumer, last);
    expect(model.applied.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    expect(await consumer.lag()).toBe(0);
  });

  it('passes over what is not subscribed before its value is parsed, and a reader need not wait for it', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const scribble = log.append('a', 1, 'Scribbled');
    await bus.send(topicOf('patrol'), [{ ...toMessage(scribble), value: 'not JSON' }]);
    await reached(consumer, scribble);
    expect(model.applied).toEqual([]);
  });

  it('saves the progress over passed messages by and by, not with each of them', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model, { saveEveryMs: 60 });
    const scribbles = Array.from({ length: 50 }, (_, n) => log.append('a', n, 'Scribbled'));
    for (const scribble of scribbles) await publish(scribble);
    await reached(consumer, ...scribbles);
    await eventually(() => expect(model.stored()).toMatchObject([{ nextOffset: 50, position: 49 }]));
    expect(model.writes()).toBeLessThan(20);
  });

  it('saves the progress over passed messages when it stops', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model, { saveEveryMs: 60_000 });
    const scribble = log.append('a', 1, 'Scribbled');
    await publish(scribble);
    await reached(consumer, scribble);
    expect(model.stored()).toEqual([]);
    await stop();
    expect(model.stored()).toMatchObject([{ nextOffset: 1, position: 0 }]);
  });

  it("takes its own context's private types, and drops those of another", async () => {
    const own = sinkDouble('patrol.all', 'patrol.Noted', 'patrol.Scribbled');
    const foreign = sinkDouble('overview.all', 'patrol.Noted', 'patrol.Scribbled');
    const here = start(own);
    const there = start(foreign, {
      ownContext: 'overview',
      known: {
        versions: new Map([
          ['patrol.Noted', 1],
          ['patrol.Scribbled', 1],
        ]),
      },
    });
    const events = [log.append('a', 1, 'Scribbled'), log.append('b', 2)];
    await publish(...events);
    await reached(here, ...events);
    await reached(there, ...events);
    expect(own.applied.map(({ type }) => type).sort()).toEqual(['Noted', 'Scribbled']);
    expect(foreign.applied.map(({ type }) => type)).toEqual(['Noted']);
  });

  it('pauses while the sink is away, offers the same again, and never lets the progress lead', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted', 'patrol.Scribbled');
    model.fail(away);
    const consumer = start(model);
    const events = [log.append('a', 1), log.append('b', 2)];
    await publish(...events);
    await eventually(() => expect(consumer.status()).toMatchObject({ state: 'paused', reason: 'unavailable', progress: [] }));
    expect(await consumer.lag()).toBe(2);
    await expect(consumer.waitFor(placeOf(events[0]!), 20)).rejects.toMatchObject({ code: 'unavailable', reason: 'model-behind' });
    model.fail(undefined);
    await reached(consumer, ...events);
    expect(model.applied).toHaveLength(2);
    expect(consumer.status().state).toBe('running');
  });

  it('stops while the sink is away without having stored progress over what was not taken in', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const scribble = log.append('a', 0, 'Scribbled');
    await publish(scribble);
    const consumer = start(model, { saveEveryMs: 60_000 });
    await reached(consumer, scribble);
    model.fail(away);
    const event = log.append('a', 1);
    await publish(event);
    await eventually(() => expect(consumer.status().state).toBe('paused'));
    abort.abort();
    model.fail(undefined);
    await stop();
    expect(model.stored().every(({ position }) => position < event.position)).toBe(true);
    await reached(start(model), event);
    expect(model.applied).toHaveLength(1);
  });

  it.each([
    ['a newer version of a subscribed type', () => ({ ...log.append('a', 2), version: 2 })],
    ['a type of its own context that it does not know', () => ({ ...log.append('a', 2), type: 'Painted' })],
  ])('pauses at %s, with all before it taken in and nothing behind it', async (_what, newer) => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const before = log.append('a', 1);
    const event = newer();
    const after = log.append('a', 3);
    await publish(before, event, after);
    await reached(consumer, before);
    await eventually(() => expect(consumer.status()).toMatchObject({ state: 'paused', reason: 'newer-event' }));
    await expect(consumer.waitFor(placeOf(event), 50)).rejects.toMatchObject({ code: 'unavailable', reason: 'model-behind' });
    expect(model.applied.map(({ data }) => data)).toEqual([{ n: 1 }]);
    await stop();
    expect(model.stored()).toMatchObject([{ nextOffset: 1, position: before.position }]);
  });

  it('goes on over a newer version of what it does not subscribe to, and over an unknown type of another context', async () => {
    const model = sinkDouble('overview.notes', 'patrol.Noted');
    const consumer = start(model, { ownContext: 'overview', known: { versions: new Map([['patrol.Noted', 1]]) } });
    const events = [
      { ...log.append('a', 1, 'Scribbled'), version: 9 },
      { ...log.append('a', 2), type: 'Painted' },
    ];
    await publish(...events);
    await reached(consumer, ...events);
    expect(consumer.status().state).toBe('running');
  });

  it('brings an older version to the one that it knows', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const known = {
      versions: new Map([
        ['patrol.Noted', 2],
        ['patrol.Scribbled', 1],
      ]),
      upcast: (_type: unknown, data: unknown) => ({ ...(data as object), upcast: true }),
    };
    const consumer = start(model, { known });
    const event = log.append('a', 1);
    await publish(event);
    await reached(consumer, event);
    expect(model.applied[0]).toMatchObject({ version: 2, data: { n: 1, upcast: true } });
  });

  it.each([
    ['without our headers', { headers: {}, value: '{}' }, 'no header sanwang_position'],
    ['of another system', { headers: { ce_type: 'com.example.Thing', sanwang_position: '3' }, value: '{}' }, 'a ce_type that is not'],
    ['without a position', { headers: { ce_type: 'sanwang.patrol.Noted.v1', sanwang_position: 'x' }, value: '{}' }, 'sanwang_position'],
    ['that is much too long', { headers: {}, value: '{"n":', cutFrom: 20_000_000 }, 'a value of 20000000 bytes'],
  ])('parks a message %s by its place, once, and nothing queues behind it', async (_what, foreign, reason) => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const before = log.append('a', 1);
    const after = log.append('a', 2);
    await publish(before);
    await bus.send(topicOf('patrol'), [{ key: before.stream, ...foreign }]);
    await publish(after);
    await reached(consumer, after);
    expect(model.applied.map(({ position }) => position)).toEqual([before.position, after.position]);
    const partition = partitionOf(before.stream);
    expect(model.parked).toEqual([
      { topic: topicOf('patrol'), partition, offset: 1, reason: expect.stringContaining(reason), excerpt: foreign.value },
    ]);
    expect(consumer.status().state).toBe('running');
    await stop();
    const again = start(model);
    await publish(log.append('a', 3));
    await eventually(() => expect(model.applied).toHaveLength(3), SOON);
    expect(model.parked).toHaveLength(1);
    expect(again.status().state).toBe('running');
  });

  it('says that the bus no longer holds what comes next, and goes on when the sink has come from the log', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    let expired = true;
    const gone = new Rejection('data-loss', 'offset-expired', 'sanwang.patrol.v1/3 begins at 100; 7 is wanted.');
    const consumer = start(model, { bus: { ...bus, consume: (options) => (expired ? Promise.reject(gone) : bus.consume(options)) } });
    await eventually(() => expect(consumer.status()).toMatchObject({ state: 'paused', reason: 'offset-expired', message: gone.message }));
    expired = false;
    const event = log.append('a', 1);
    await publish(event);
    await reached(consumer, event);
    expect(consumer.status().state).toBe('running');
  });

  it('goes on where another consumer of its group has come, when it gets a partition back', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const events = [log.append('a', 1), log.append('a', 2), log.append('a', 3)];
    const asked: number[] = [];
    let from: ((...where: Parameters<Parameters<Bus['consume']>[0]['from']>) => Promise<number>) | undefined;
    const consumer = start(model, {
      bus: { ...bus, consume: (options) => bus.consume({ ...options, from: (from = options.from) }) },
    });
    await publish(events[0]!);
    await reached(consumer, events[0]!);
    const info = (await bus.topicInfo(topicOf('patrol')))!;
    const partition = partitionOf(events[0]!.stream);
    await model.sink.apply(events.slice(1), [{ ...info, partition, nextOffset: 3, position: 2 }]);
    asked.push(await from!(info, partition));
    expect(asked).toEqual([3]);
    await consumer.waitFor(placeOf(events[2]!), 0);
  });

  it('takes a topic made anew from its beginning', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const events = [log.append('a', 1), log.append('b', 2)];
    await publish(...events);
    await reached(consumer, ...events);
    await server.dropTopic(topicOf('patrol'));
    await bus.ensureTopic(topicOf('patrol'));
    const more = log.append('a', 3);
    await publish(...events, more);
    await eventually(() => expect(model.applied).toHaveLength(5));
    expect(model.content()).toEqual({ 'patrol.Thing-a': [{ n: 1 }, { n: 3 }], 'patrol.Thing-b': [{ n: 2 }] });
    expect(await consumer.lag()).toBe(0);
  });

  it('answers a reader at once when it has passed the position, or does not follow the context', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const event = log.append('a', 1);
    await publish(event);
    await reached(consumer, event);
    await consumer.waitFor(placeOf(event), 0);
    await consumer.waitFor({ context: 'directory', partition: 3, position: 10_000 }, 0);
  });

  it('tells a reader that the event is parked', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const events = [log.append('a', 1), log.append('b', 2)];
    const consumer = start(model, { parked: { keys: () => 1, has: (position) => position === events[1]!.position } });
    await publish(...events);
    await reached(consumer, events[0]!);
    await expect(reached(consumer, events[1]!)).rejects.toMatchObject({ code: 'failed-precondition', reason: 'model-parked' });
    expect(consumer.status().parkedKeys).toBe(1);
  });

  it('lets a reader know what another instance has taken in', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const other = start(model);
    const idle = start(model, { bus: { ...bus, consume: ({ signal, from }) => waitIdle(signal, from) } });
    const event = log.append('a', 1);
    await publish(event);
    await reached(other, event);
    await reached(idle, event);
  });
  const waitIdle = async (signal: AbortSignal, from: Parameters<Bus['consume']>[0]['from']): Promise<void> => {
    await from((await bus.topicInfo(topicOf('patrol')))!, 0);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  };

  it('stands still for a swap, reads the progress anew, and keeps its readers waiting', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    const consumer = start(model);
    const events = [log.append('a', 1), log.append('a', 2)];
    await publish(events[0]!);
    await reached(consumer, events[0]!);
    const waiting = consumer.waitFor(placeOf(events[1]!), SOON);
    const result = await consumer.standStill(async () => {
      await publish(events[1]!);
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(model.applied).toHaveLength(1);
      await model.sink.apply(
        [],
        model.stored().map((one) => ({ ...one, nextOffset: 0, position: -1 })),
      );
      return 'swapped';
    });
    expect(result).toBe('swapped');
    await waiting;
    expect(model.applied.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 1 }, { n: 2 }]);
    await expect(consumer.standStill(() => Promise.reject(new Error('planted')))).rejects.toThrow('planted');
    expect(consumer.status().state).not.toBe('stopped');
  });

  it('refuses to start when it subscribes to a type that this release does not know', () => {
    expect(() => start(sinkDouble('patrol.notes', 'patrol.Nothing'))).toThrow('patrol.Nothing');
  });
});
