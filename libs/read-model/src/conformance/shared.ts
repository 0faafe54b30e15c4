import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectionSink } from '../projection.ts';
import type { ModelDefinition, ModelGeneration } from '../port.ts';
import { memoryKeys, sampleLog, shops } from './sample.ts';
import type { ModelStoreUnderTest, OpenModelStore } from './under-test.ts';

/** What several instances that feed one generation owe, each its own partitions. */
export const sharedConformance = (open: OpenModelStore): void => {
  let under: ModelStoreUnderTest;
  beforeEach(async () => void (under = await open()));
  afterEach(() => under.close());
  const definition = shops((name) => name === '坏') as unknown as ModelDefinition;

  /** The generation as one instance sees it: each of its calls happens when the scheduler says so. */
  const scheduled = (generation: ModelGeneration, scheduler: fc.Scheduler): ModelGeneration => ({
    ...generation,
    load: scheduler.scheduleFunction((ids) => generation.load(ids)),
    idsOfSubject: scheduler.scheduleFunction((subject) => generation.idsOfSubject(subject)),
    write: scheduler.scheduleFunction((batch) => generation.write(batch)),
  });

  describe('a generation that several instances feed', () => {
    it('holds no value of an erased subject, in whatever order an erasure and another event of the document are written', async () => {
      const keys = memoryKeys();
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          const generation = await under.store.create(definition);
          const log = sampleLog(keys);
          const opened = await log.open('1', { contact: { subject: 'person.1', value: '张三' } });
          await projectionSink(definition, generation, keys).apply([opened], []);
          const [erasing, visiting] = [0, 1].map(() =>
            projectionSink(definition, scheduled(generation, scheduler), keys, {}, { shared: true }),
          );
          const events = [await log.erase('person.1'), await log.visit('1')];
          await scheduler.waitFor(Promise.all([erasing!.apply([events[0]!], []), visiting!.apply([events[1]!], [])]));
          const doc = (await generation.load(['1'])).get('1')?.doc;
          expect(doc).toMatchObject({ visits: 1, contact: { subject: 'person.1', erased: true } });
          expect(await generation.idsOfSubject('person.1')).toEqual([]);
          await under.store.discard(definition, generation.generation);
        }),
        { numRuns: 40 },
      );
    });

    it('queues behind what another instance has parked, once the partition has come here', async () => {
      const keys = memoryKeys();
      const generation = await under.store.create(definition);
      const log = sampleLog(keys);
      const [one, other] = [0, 1].map(() => projectionSink(definition, generation, keys, {}, { shared: true }));
      await other!.progress();
      await one!.apply([await log.open('1'), await log.rename('1', '坏')], []);
      other!.forget?.();
      await other!.apply([await log.visit('1')], []);
      expect((await generation.load(['1'])).get('1')?.doc).toMatchObject({ visits: 0 });
      expect(other!.isParked(2)).toBe(true);
    });

    it('knows on asking what another instance has parked', async () => {
      const keys = memoryKeys();
      const generation = await under.store.create(definition);
      const log = sampleLog(keys);
      const [one, other] = [0, 1].map(() => projectionSink(definition, generation, keys, {}, { shared: true }));
      await other!.progress();
      await one!.apply([await log.open('1'), await log.rename('1', '坏')], []);
      expect(other!.parkedKeys()).toBe(0);
      await other!.refreshParked();
      expect([other!.parkedKeys(), other!.isParked(1)]).toEqual([1, true]);
    });
  });
};
