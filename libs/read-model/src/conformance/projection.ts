import fc from 'fast-check';
import { NewerEvent, Rejection } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelHash } from '../hash.ts';
import { projectionSink } from '../projection.ts';
import { rebuildAside } from '../compare.ts';
import { rebuild } from '../rebuild.ts';
import type { Document, ModelDefinition, ModelGeneration } from '../port.ts';
import type { OpenModelStore, ModelStoreUnderTest } from './under-test.ts';
import { journal, memoryKeys, progressTo, sampleLog, shops, someHistory } from './sample.ts';

const plain = (definition: ReturnType<typeof shops>): ModelDefinition => definition as unknown as ModelDefinition;

/** What projections over a store owe: each event once, in order, whatever is delivered how often. */
export const projectionConformance = (open: OpenModelStore): void => {
  let under: ModelStoreUnderTest;
  const keys = memoryKeys();
  beforeEach(async () => void (under = await open()));
  afterEach(() => under.close());

  /** Streams interleaved, in as many batches as `cuts` says, some events twice. */
  const shuffled = (events: readonly PublishedEvent[]) =>
    fc
      .record({
        order: fc.array(fc.nat(), { minLength: events.length, maxLength: events.length }),
        repeats: fc.array(fc.nat({ max: Math.max(0, events.length - 1) }), { maxLength: 10 }),
        size: fc.integer({ min: 1, max: 8 }),
      })
      .map(({ order, repeats, size }) => {
        const streams = new Map<string, PublishedEvent[]>();
        for (const event of events) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
        const delivered: PublishedEvent[] = [];
        for (const pick of order) {
          const waiting = [...streams.values()].filter((queue) => queue.length > 0);
          delivered.push(waiting[pick % waiting.length]!.shift()!);
        }
        for (const repeat of repeats) delivered.splice(delivered.indexOf(events[repeat]!) + 1 + (repeat % 3), 0, events[repeat]!);
        const batches: PublishedEvent[][] = [];
        while (delivered.length > 0) batches.push(delivered.splice(0, size));
        return batches;
      });

  const hashOf = async (definition: ModelDefinition): Promise<string> =>
    (await modelHash(definition, (await under.store.reader(definition)).all())).hash;

  describe('projection', () => {
    it.each([plain(shops()), journal])('gives the same $name however streams interleave and events repeat', async (definition) => {
      const log = await someHistory(keys);
      const expected = (await rebuildAside({ definition, store: under.store, sources: log.sources(), keys })).hash;
      await fc.assert(
        fc.asyncProperty(shuffled(log.events), async (batches) => {
          const generation = await under.store.create(definition);
          const sink = projectionSink(definition, generation, keys, {}, { validate: true });
          for (const batch of batches) await sink.apply(batch, []);
          const { hash } = await modelHash(definition, generation.all());
          await under.store.discard(definition, generation.generation);
          expect(hash).toBe(expected);
        }),
        { numRuns: 25 },
      );
    });

    it('writes each document once per batch, and tells which changed', async () => {
      const log = await someHistory(keys);
      const generation = await under.store.live(plain(shops()));
      const written: string[][] = [];
      const counting: ModelGeneration = {
        ...generation,
        write: (batch) => {
          written.push(batch.documents.map(({ id }) => id).sort());
          return generation.write(batch);
        },
      };
      const applied: string[] = [];
      const sink = projectionSink(plain(shops()), counting, keys, { onApplied: (changes) => applied.push(...changes.map(({ id }) => id)) });
      await sink.apply(log.events.slice(0, 9), [progressTo(8)]);
      expect(written).toEqual([['1', '2', '3', '4', '5']]);
      expect([...applied].sort()).toEqual(['1', '2', '3', '4', '5']);
      expect(await sink.progress()).toEqual([progressTo(8)]);
    });

    it('takes batches that arrive at the same time one after another', async () => {
      const log = await someHistory(keys);
      const definition = plain(shops());
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events.slice(0, 5), []);
      await Promise.all(log.events.slice(5).map((event) => sink.apply([event], [progressTo(event.position)])));
      const shop = await (await under.store.reader(definition)).get('1', 'everything');
      expect(shop).toMatchObject({ visits: 2, revision: 2 });
    });

    it('leaves everything as it was when the store is away, and takes the same batch later', async () => {
      const log = await someHistory(keys);
      const definition = plain(shops());
      const generation = await under.store.live(definition);
      let away = true;
      const flaky: ModelGeneration = {
        ...generation,
        write: async (batch) => {
          if (away) throw new Rejection('unavailable', 'read-model-unavailable', 'away');
          return generation.write(batch);
        },
      };
      const sink = projectionSink(definition, flaky, keys);
      await expect(sink.apply(log.events, [progressTo(20)])).rejects.toMatchObject({ code: 'unavailable' });
      expect(await sink.parked()).toEqual([]);
      away = false;
      await sink.apply(log.events, [progressTo(20)]);
      expect(await hashOf(definition)).toBe((await rebuildAside({ definition, store: under.store, sources: log.sources(), keys })).hash);
    });

    it('pauses at an event newer than this release instead of parking it', async () => {
      const log = sampleLog(keys);
      const event = await log.open('1');
      const newer = Object.defineProperty({ ...event }, 'data', {
        get: () => {
          throw new NewerEvent('version 2');
        },
      });
      const sink = projectionSink(plain(shops()), await under.store.live(plain(shops())), keys);
      await expect(sink.apply([newer], [progressTo(0)])).rejects.toBeInstanceOf(NewerEvent);
      expect(await sink.parked()).toEqual([]);
    });
  });

  describe('parking', () => {
    const history = async () => {
      const log = sampleLog(keys);
      for (const id of ['1', '2']) await log.open(id);
      await log.rename('1', 'poison');
      await log.visit('1');
      await log.visit('2');
      return log;
    };
    it('parks the stream of an event that its handler cannot take, and lets the others go on', async () => {
      const log = await history();
      const definition = plain(shops((name) => name === 'poison'));
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      await sink.apply([await log.visit('1'), await log.visit('2')], [progressTo(6)]);
      const reader = await under.store.reader(definition);
      expect(await reader.get('1', 'everything')).toMatchObject({ name: '店1', visits: 0 });
      expect(await reader.get('2', 'everything')).toMatchObject({ visits: 2 });
      expect(await sink.progress()).toEqual([progressTo(6)]);
      expect(await sink.parked()).toMatchObject([
        {
          consumer: 'sample.shops',
          key: 'sample.Shop-1',
          error: 'Error: cannot take this name',
          events: [{ position: 2, type: 'sample.ShopRenamed' }, { position: 3 }, { position: 5 }],
        },
      ]);
    });

    it('goes on parking after a restart, and parks an event that comes again only once', async () => {
      const log = await history();
      const definition = plain(shops((name) => name === 'poison'));
      await projectionSink(definition, await under.store.live(definition), keys).apply(log.events, []);
      const sink = projectionSink(definition, await (await under.reopen()).live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      const [parked] = await sink.parked();
      expect(parked).toMatchObject({ error: 'Error: cannot take this name', events: [{ position: 2 }, { position: 3 }] });
    });

    it('replays in order up to the first that fails, and everything once the handler is mended', async () => {
      const log = await history();
      let broken = true;
      const definition = plain(shops((name) => broken && name === 'poison'));
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      expect(await sink.replayParked('sample.Shop-1')).toMatchObject({ applied: 0, remaining: 2, error: 'Error: cannot take this name' });
      broken = false;
      expect(await sink.replayParked('sample.Shop-1')).toEqual({ key: 'sample.Shop-1', applied: 2, remaining: 0 });
      expect(await sink.parked()).toEqual([]);
      await sink.apply([await log.visit('1')], [progressTo(5)]);
      const reader = await under.store.reader(definition);
      expect(await reader.get('1', 'everything')).toMatchObject({ name: 'poison', visits: 2, revision: 3 });
    });

    it('parks a message that is no event under its place in the topic: nothing waits behind it, and it can only be dropped', async () => {
      const log = await history();
      const definition = plain(shops());
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      const refused = (offset: number) => ({
        topic: 'sanwang.sample.v1',
        partition: 2,
        offset,
        reason: 'no header ce_type',
        excerpt: '{"a":',
      });
      await sink.apply(log.events, [progressTo(4)], [refused(7), refused(9)]);
      await sink.apply([], [], [refused(7)]);
      expect(await (await under.store.reader(definition)).get('1', 'everything')).toMatchObject({ visits: 1 });
      expect((await sink.parked()).map(({ key, error }) => [key, error])).toEqual([
        ['sanwang.sample.v1/2/7', 'no header ce_type'],
        ['sanwang.sample.v1/2/9', 'no header ce_type'],
      ]);
      const key = 'sanwang.sample.v1/2/7';
      expect(await sink.showParked(key)).toMatchObject([{ event: { data: { excerpt: '{"a":' } } }]);
      expect(await sink.replayParked(key)).toEqual({ key, applied: 0, remaining: 1, error: 'no header ce_type' });
      for (const one of [key, 'sanwang.sample.v1/2/9']) await sink.dropParked(one, { actor: 'officer-9', reason: 'not ours' });
      expect(await sink.parked()).toEqual([]);
      expect((await sink.dropped()).map((dropped) => dropped.key).sort()).toEqual([key, 'sanwang.sample.v1/2/9']);
    });

    it('drops the failed event for a reason and goes on with those behind it', async () => {
      const log = await history();
      const definition = plain(shops((name) => name === 'poison'));
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      expect(await sink.showParked('sample.Shop-1')).toMatchObject([{ event: { data: { name: 'poison' } } }, { event: { position: 3 } }]);
      const grounds = { actor: 'officer-9', reason: 'a slip of the pen' };
      const record = { ...grounds, key: 'sample.Shop-1', position: 2, type: 'sample.ShopRenamed', error: 'Error: cannot take this name' };
      expect(await sink.dropParked('sample.Shop-1', grounds)).toMatchObject({ event: record, replayed: { applied: 1, remaining: 0 } });
      expect(await (await under.store.reader(definition)).get('1', 'everything')).toMatchObject({ name: '店1', visits: 1 });
      await expect(sink.replayParked('sample.Shop-1')).rejects.toMatchObject({ code: 'not-found' });
    });

    it('keeps on record who dropped an event and why, across a restart and a rebuild, which passes over the event as well', async () => {
      const log = await history();
      const definition = plain(shops((name) => name === 'poison'));
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      await sink.dropParked('sample.Shop-1', { actor: 'officer-9', reason: 'a slip of the pen' });
      const before = await hashOf(definition);
      const store = await under.reopen();
      const record = [{ actor: 'officer-9', reason: 'a slip of the pen', position: 2, at: expect.any(String) as string }];
      expect(await (await store.live(definition)).dropped()).toMatchObject(record);
      expect((await rebuildAside({ definition, store, sources: log.sources(), keys })).hash).toBe(before);
      await rebuild({ definition, store, sources: log.sources(), keys });
      const rebuilt = await store.live(definition);
      expect(await rebuilt.dropped()).toMatchObject(record);
      expect(await rebuilt.parked()).toEqual([]);
      expect((await modelHash(definition, rebuilt.all())).hash).toBe(before);
    });

    it('takes a dropped event in when a mended handler meets it in a rebuild', async () => {
      const log = await history();
      let broken = true;
      const definition = plain(shops((name) => broken && name === 'poison'));
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      await sink.dropParked('sample.Shop-1', { actor: 'officer-9', reason: 'a slip of the pen' });
      broken = false;
      await rebuild({ definition, store: under.store, sources: log.sources(), keys });
      expect(await (await under.store.reader(definition)).get('1', 'everything')).toMatchObject({ name: 'poison', visits: 1 });
    });

    it.each<[string, () => unknown]>([
      ['a bigint', () => 7n],
      ['a date', () => new Date()],
      ['a function', () => () => 1],
      ['what is not a number', () => [{ deep: NaN }]],
      [
        'something that refers to itself',
        () => {
          const self: Record<string, unknown> = {};
          return Object.assign(self, { self });
        },
      ],
    ])('parks an event from which a handler makes %s, which JSON cannot hold, and lets the others go on', async (_, rank) => {
      const log = await history();
      const base = shops();
      const odd = (doc: Document | undefined): Document | undefined => doc && { ...doc, rank: rank() };
      const definition: ModelDefinition = { ...plain(base), on: { ...plain(base).on, 'sample.ShopRenamed': { project: odd } } };
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events, [progressTo(4)]);
      expect(await sink.parked()).toMatchObject([
        { key: 'sample.Shop-1', error: expect.stringContaining('rank'), events: [{ position: 2 }, { position: 3 }] },
      ]);
      expect(await (await under.store.reader(definition)).get('2', 'everything')).toMatchObject({ visits: 1 });
    });

    it('parks the same in a rebuild', async () => {
      const log = await history();
      const definition = plain(shops((name) => name === 'poison'));
      await rebuild({ definition, store: under.store, sources: log.sources(1), keys });
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      expect(await sink.parked()).toMatchObject([{ key: 'sample.Shop-1', events: [{ position: 2 }, { position: 3 }] }]);
    });
  });
};
