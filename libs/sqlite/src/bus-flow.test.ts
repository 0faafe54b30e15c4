import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knownTypes, startConsumer, startRelay, topicOf, type Bus, type Consumer, type Relay } from '@sanwang/messaging';
import { chaosBus, chaosSink, seeded } from '@sanwang/messaging/chaos';
import { logDouble, sinkDouble } from '@sanwang/messaging/doubles';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBus, type SqliteBus } from './bus.ts';

const SOON = 10_000;
const backoff = { firstMs: 5, maxMs: 50 };

describe('relay, embedded bus and consumers', () => {
  let folder: string;
  let path: string;
  let bus: SqliteBus;
  let abort: AbortController;
  let running: (Relay | Consumer)[];
  let patrol: ReturnType<typeof logDouble>;
  let registration: ReturnType<typeof logDouble>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sanwang-flow-'));
    path = join(folder, 'bus.sqlite');
    patrol = logDouble('patrol');
    registration = logDouble('registration');
    open();
  });
  const open = (): void => {
    bus = openBus(path);
    abort = new AbortController();
    running = [];
  };
  const stop = async (): Promise<void> => {
    abort.abort();
    for (const one of running) await one.done;
    await bus.close();
  };
  afterEach(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  const relay = (log: ReturnType<typeof logDouble>, on: Bus = bus): Relay => {
    const one = startRelay({ ...log, bus: on, signal: abort.signal, backoff, batchSize: 50 });
    running.push(one);
    return one;
  };
  const consume = (sink: Parameters<typeof startConsumer>[0]['sink'], on: Bus = bus): Consumer => {
    const known = knownTypes([patrol.catalogue, registration.catalogue]);
    const one = startConsumer({ bus: on, sink, ownContext: 'patrol', known, signal: abort.signal, backoff, saveEveryMs: 20 });
    running.push(one);
    return one;
  };
  const fill = (log: ReturnType<typeof logDouble>, events: number, random = seeded(1)): void => {
    for (let n = 0; n < events; n++) log.append(String(Math.floor(random() * 60)), n, random() < 0.3 ? 'Scribbled' : 'Noted');
  };
  const settled = async (consumers: readonly Consumer[]): Promise<void> => {
    for (const one of running)
      if ('caughtUp' in one) await one.caughtUp(one.status().context === 'patrol' ? last(patrol) : last(registration), SOON);
    for (const consumer of consumers) await eventually(async () => expect(await consumer.lag()).toBe(0), SOON);
  };
  const last = (log: ReturnType<typeof logDouble>): number => log.events.at(-1)?.position ?? -1;
  /** What the fold of the log says that a model of these types holds. */
  const fold = (...types: string[]): Record<string, unknown[]> => {
    const streams = new Map<string, unknown[]>();
    for (const event of [...patrol.events, ...registration.events]) {
      const foreign = event.context !== 'patrol' && event.visibility === 'private';
      if (types.includes(`${event.context}.${event.type}`) && !foreign)
        streams.set(event.stream, [...(streams.get(event.stream) ?? []), event.data]);
    }
    return Object.fromEntries([...streams].sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const TYPES = ['patrol.Noted', 'patrol.Scribbled', 'registration.Noted', 'registration.Scribbled'];

  it('feeds a dozen models, each with what it subscribes to, in order and once', async () => {
    relay(patrol);
    relay(registration);
    const models = Array.from({ length: 12 }, (_, index) => sinkDouble(`patrol.m${index}`, ...TYPES.slice(0, 1 + (index % 4))));
    const consumers = models.map(({ sink }) => consume(sink));
    for (let round = 0; round < 5; round++) {
      fill(patrol, 200, seeded(round));
      fill(registration, 100, seeded(round + 100));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await settled(consumers);
    for (const [index, { sink, content, applied }] of models.entries()) {
      expect(content(), `model ${index}`).toEqual(fold(...sink.subscribes));
      expect(new Set(applied.map(({ id }) => id)).size).toBe(applied.length);
    }
  });

  it.each([1, 2, 3, 4, 5])('leaves the same behind when deliveries are repeated and shuffled (seed %i)', async (seed) => {
    const chaos = chaosBus(bus, seed);
    relay(patrol, chaos);
    relay(registration, chaos);
    const overBus = sinkDouble('patrol.over-bus', ...TYPES);
    const overSink = sinkDouble('patrol.over-sink', ...TYPES);
    const consumers = [consume(overBus.sink, chaos), consume(chaosSink(overSink.sink, seed), chaos)];
    fill(patrol, 600, seeded(seed));
    fill(registration, 300, seeded(seed + 50));
    await settled(consumers);
    expect(overBus.content()).toEqual(fold(...TYPES));
    expect(overSink.content()).toEqual(fold(...TYPES));
    expect(new Set(overBus.applied.map(({ id }) => id)).size).toBe(overBus.applied.length);
  });

  it('goes on after a restart of everything, with nothing lost and nothing twice', async () => {
    const model = sinkDouble('patrol.notes', ...TYPES);
    for (let round = 0; round < 3; round++) {
      if (round > 0) open();
      relay(patrol);
      relay(registration);
      const consumer = consume(model.sink);
      fill(patrol, 150, seeded(round));
      fill(registration, 150, seeded(round + 10));
      if (round === 2) await settled([consumer]);
      else await new Promise((resolve) => setTimeout(resolve, 15));
      if (round < 2) await stop();
    }
    expect(model.content()).toEqual(fold(...TYPES));
    expect(new Set(model.applied.map(({ id }) => id)).size).toBe(model.applied.length);
  });

  it('writes the same messages at the same offsets again when a power cut has taken the end of the bus', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    relay(patrol);
    let consumer = consume(model.sink);
    fill(patrol, 200, seeded(1));
    await settled([consumer]);
    await stop();
    await copyFile(path, `${path}.before`);

    open();
    relay(patrol);
    consumer = consume(model.sink);
    fill(patrol, 200, seeded(2));
    await settled([consumer]);
    const ends = await bus.endOffsets(topicOf('patrol'));
    await stop();
    await copyFile(`${path}.before`, path);

    open();
    consumer = consume(model.sink);
    expect(await bus.endOffsets(topicOf('patrol'))).not.toEqual(ends);
    relay(patrol);
    await settled([consumer]);
    expect(await bus.endOffsets(topicOf('patrol'))).toEqual(ends);
    fill(patrol, 100, seeded(3));
    await settled([consumer]);
    expect(model.content()).toEqual(fold('patrol.Noted'));
    expect(new Set(model.applied.map(({ id }) => id)).size).toBe(model.applied.length);
  });

  it('refills a lost file from the log, and the models stay as they are', async () => {
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    relay(patrol);
    fill(patrol, 300);
    await settled([consume(model.sink)]);
    await stop();
    for (const suffix of ['', '-wal', '-shm']) await rm(path + suffix, { force: true });
    open();
    relay(patrol);
    const consumer = consume(model.sink);
    fill(patrol, 50, seeded(9));
    await settled([consumer]);
    expect(model.content()).toEqual(fold('patrol.Noted'));
  });

  it('pauses the relay while the disk is full, and goes on from its checkpoint when there is room', async () => {
    bus.limitPages(40);
    const one = relay(patrol);
    fill(patrol, 1_000);
    await eventually(() => expect(one.status()).toMatchObject({ state: 'paused', reason: 'unavailable' }));
    const reached = await bus.relayCheckpoint('patrol');
    expect(reached).toBeLessThan(999);
    expect((await bus.endOffsets(topicOf('patrol'))).reduce((sum, end) => sum + end)).toBe(reached + 1);
    bus.limitPages(100_000);
    const model = sinkDouble('patrol.notes', 'patrol.Noted');
    await settled([consume(model.sink)]);
    expect(model.content()).toEqual(fold('patrol.Noted'));
    expect((await bus.endOffsets(topicOf('patrol'))).reduce((sum, end) => sum + end)).toBe(1_000);
  });

  it('lets a second consumer of a group stand by until the first has ended', async () => {
    relay(patrol);
    fill(patrol, 20);
    const first = sinkDouble('patrol.notes', 'patrol.Noted');
    await settled([consume(first.sink)]);
    const received: number[] = [];
    const second = new AbortController();
    const standby = bus.consume({
      group: first.sink.group,
      topics: [topicOf('patrol')],
      from: async () => 0,
      handle: async (messages) => void received.push(messages.length),
      signal: second.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(received).toEqual([]);
    abort.abort();
    await eventually(() => expect(received).toEqual([20]));
    second.abort();
    await standby;
  });
});
