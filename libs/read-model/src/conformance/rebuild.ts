import { Rejection } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelHash } from '../hash.ts';
import { projectionSink } from '../projection.ts';
import { rebuildAside } from '../compare.ts';
import { rebuild } from '../rebuild.ts';
import type { ModelDefinition } from '../port.ts';
import type { OpenModelStore, ModelStoreUnderTest } from './under-test.ts';
import { memoryKeys, progressTo, sampleLog, shops, someHistory } from './sample.ts';

/** What erasure and rebuilds over a store owe: nothing opened again, and the live model's hash. */
export const rebuildConformance = (open: OpenModelStore): void => {
  const definition = shops() as unknown as ModelDefinition;
  const keys = memoryKeys();
  let under: ModelStoreUnderTest;
  beforeEach(async () => void (under = await open()));
  afterEach(() => under.close());
  const everything = { scope: 'everything', limit: 100 } as const;
  const hashOf = async (definition: ModelDefinition): Promise<string> =>
    (await modelHash(definition, (await under.store.reader(definition)).all())).hash;

  describe('erasure', () => {
    const contact = { subject: 'person.9', value: '王小二' };
    const setup = async () => {
      const log = sampleLog(memoryKeysOnce);
      const sink = projectionSink(definition, await under.store.live(definition), memoryKeysOnce);
      return { log, sink, reader: await under.store.reader(definition) };
    };
    let memoryKeysOnce = memoryKeys();
    beforeEach(() => void (memoryKeysOnce = memoryKeys()));

    it('takes every value of the subject out of documents and search', async () => {
      const { log, sink, reader } = await setup();
      await sink.apply([await log.open('1', { contact }), await log.open('2', { contact: { subject: 'person.8', value: '王小三' } })], []);
      expect((await reader.query({ ...everything, search: '小二' })).items).toHaveLength(1);
      await sink.apply([await log.erase('person.9')], [progressTo(0, 'directory')]);
      expect(await reader.get('1', 'everything')).toMatchObject({ contact: { subject: 'person.9', erased: true } });
      expect((await reader.query({ ...everything, search: '小二' })).items).toEqual([]);
      expect((await reader.query({ ...everything, search: '王小' })).items).toHaveLength(1);
      expect(await sink.progress()).toEqual([progressTo(0, 'directory')]);
    });

    it.each([
      ['in the batch before', true],
      ['in the same batch', false],
    ])('does not open an older event that comes late, although the key is still there: %s', async (_, apart) => {
      const { log, sink, reader } = await setup();
      const opened = await log.open('1', { contact });
      const erased = await log.erase('person.9');
      if (apart) {
        await sink.apply([erased], []);
        await sink.apply([opened], []);
      } else {
        await sink.apply([opened, erased], []);
      }
      expect(await reader.get('1', 'everything')).toMatchObject({ contact: { erased: true } });
    });

    it('opens a value whose key is gone as erased, and keeps the hash of live and rebuilt the same', async () => {
      const { log, sink } = await setup();
      await sink.apply([await log.open('1', { contact })], []);
      await sink.apply([await log.erase('person.9')], []);
      await memoryKeysOnce.destroy('person.9');
      await sink.apply([await log.visit('1')], []);
      const aside = await rebuildAside({ definition, store: under.store, sources: log.sources(), keys: memoryKeysOnce });
      expect(aside).toEqual({ hash: await hashOf(definition), documents: 1 });
    });

    it('parks an event whose field was tampered with, and opens the others of its batch', async () => {
      const { log, sink, reader } = await setup();
      const good = await log.open('1', { contact });
      const bad = await log.open('2', { contact });
      const sealed = (bad.data as { contact: { data: string } }).contact;
      const tampered = { ...bad, data: { ...(bad.data as object), contact: { ...sealed, data: `AAAA${sealed.data.slice(4)}` } } };
      await sink.apply([good, tampered], []);
      expect(await reader.get('1', 'everything')).toMatchObject({ contact });
      expect(await sink.parked()).toMatchObject([{ key: 'sample.Shop-2', error: expect.not.stringContaining('王小二') }]);
    });
  });

  describe('rebuild', () => {
    it('gives the hash of the live model, and progress at the noted ends and heads', async () => {
      const log = await someHistory(keys);
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      for (const event of log.events) await sink.apply([event], []);
      const before = await hashOf(definition);
      await rebuild({ definition, store: under.store, sources: log.sources(3), keys });
      expect(await hashOf(definition)).toBe(before);
      const progress = [...(await (await under.store.live(definition)).progress())].sort((left, right) => left.position - right.position);
      expect(progress).toEqual([
        { ...progressTo(11, 'directory'), nextOffset: 7 },
        { ...progressTo(12), nextOffset: 7 },
      ]);
    });

    it('takes in what is written meanwhile before it is swapped in, and passes over it when the bus brings it', async () => {
      const log = await someHistory(keys);
      const reader = await under.store.reader(definition);
      const late: PublishedEvent[] = [];
      await rebuild({
        definition,
        store: under.store,
        sources: log.sources(3),
        keys,
        takeOver: async (swap) => {
          expect(await reader.get('1', 'everything')).toBeUndefined();
          late.push(await log.visit('1'), await log.open('6'));
          await swap();
        },
      });
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(late, [progressTo(14)]);
      expect(await reader.get('1', 'everything')).toMatchObject({ visits: 3 });
      expect(await reader.get('6', 'everything')).toMatchObject({ name: '店6' });
    });

    it('stops at a position when it is told to', async () => {
      const log = await someHistory(keys);
      const upTo = new Map([
        ['sample', 4],
        ['directory', -1],
      ]);
      const aside = await rebuildAside({ definition, store: under.store, sources: log.sources(), keys, upTo });
      const sink = projectionSink(definition, await under.store.live(definition), keys);
      await sink.apply(log.events.slice(0, 5), []);
      expect(aside).toEqual({ hash: await hashOf(definition), documents: 5 });
    });

    it('leaves the live model as it is when it fails or is called off', async () => {
      const log = await someHistory(keys);
      const generation = await under.store.live(definition);
      const failing = {
        ...log.sources(),
        head: async () => Promise.reject(new Rejection('unavailable', 'event-store-unavailable', 'away')),
      };
      const signal = AbortSignal.abort(new Error('called off'));
      await expect(rebuild({ definition, store: under.store, sources: failing, keys })).rejects.toMatchObject({ code: 'unavailable' });
      await expect(rebuild({ definition, store: under.store, sources: log.sources(), keys, signal })).rejects.toThrow('called off');
      expect((await under.store.live(definition)).generation).toBe(generation.generation);
    });
  });
};
