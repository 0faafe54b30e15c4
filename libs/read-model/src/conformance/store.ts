import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelHash } from '../hash.ts';
import type { ModelDefinition, ModelStore } from '../port.ts';
import type { OpenModelStore, ModelStoreUnderTest } from './under-test.ts';
import { progressTo, sampleLog, memoryKeys, shops, written } from './sample.ts';

const model = shops() as unknown as ModelDefinition;

/** What a store owes a writer: order, refusal of what is old, generations. */
export const storeConformance = (open: OpenModelStore): void => {
  let under: ModelStoreUnderTest;
  let store: ModelStore;
  beforeEach(async () => {
    under = await open();
    store = under.store;
  });
  afterEach(() => under.close());

  describe('writing', () => {
    it('loads what was written, with its revision, and nothing for an id never seen', async () => {
      const generation = await store.live(model);
      await generation.write({ documents: [written('a', 3, { name: '面馆' })], progress: [] });
      expect(await generation.load(['a', 'b'])).toEqual(new Map([['a', { revision: 3, doc: { name: '面馆' } }]]));
    });

    it('refuses a revision older than the stored one, takes the same and a newer one', async () => {
      const generation = await store.live(model);
      const nameAfter = async (revision: number, name: string): Promise<unknown> => {
        await generation.write({ documents: [written('a', revision, { name })], progress: [] });
        return (await generation.load(['a'])).get('a');
      };
      expect(await nameAfter(3, 'three')).toEqual({ revision: 3, doc: { name: 'three' } });
      expect(await nameAfter(2, 'two')).toEqual({ revision: 3, doc: { name: 'three' } });
      expect(await nameAfter(3, 'again')).toEqual({ revision: 3, doc: { name: 'again' } });
      expect(await nameAfter(4, 'four')).toEqual({ revision: 4, doc: { name: 'four' } });
    });

    it('remembers the revision of a removed document, also of one that never was', async () => {
      const generation = await store.live(model);
      await generation.write({ documents: [written('a', 1, { name: 'a' })], progress: [] });
      await generation.write({ documents: [written('a', 4, undefined), written('b', 2, undefined)], progress: [] });
      await generation.write({ documents: [written('a', 3, { name: 'old' }), written('b', 1, { name: 'old' })], progress: [] });
      expect(await generation.load(['a', 'b'])).toEqual(
        new Map([
          ['a', { revision: 4, doc: undefined }],
          ['b', { revision: 2, doc: undefined }],
        ]),
      );
      await generation.write({ documents: [written('a', 5, { name: 'anew' })], progress: [] });
      expect(await generation.load(['a'])).toEqual(new Map([['a', { revision: 5, doc: { name: 'anew' } }]]));
    });

    it('finds the documents that hold a value of a subject, and no longer once they do not', async () => {
      const generation = await store.live(model);
      const of = (subjects: readonly string[], revision: number) => ({ ...written('a', revision, { name: 'a' }), subjects });
      await generation.write({ documents: [of(['person.1', 'person.2'], 0)], progress: [] });
      expect(await generation.idsOfSubject('person.2')).toEqual(['a']);
      await generation.write({ documents: [of(['person.1'], 1)], progress: [] });
      expect(await generation.idsOfSubject('person.2')).toEqual([]);
      expect(await generation.idsOfSubject('person.1')).toEqual(['a']);
    });

    it('keeps progress per topic generation and partition', async () => {
      const generation = await store.live(model);
      await generation.write({ documents: [], progress: [progressTo(4), { ...progressTo(2), partition: 1 }] });
      await generation.write({ documents: [], progress: [progressTo(9)] });
      const progress = [...(await generation.progress())].sort((left, right) => left.partition - right.partition);
      expect(progress).toEqual([progressTo(9), { ...progressTo(2), partition: 1 }]);
    });

    it('keeps parked events by key and position until they are released', async () => {
      const generation = await store.live(model);
      const log = sampleLog(memoryKeys());
      const events = [await log.rename('b', 'x'), await log.rename('a', 'y'), await log.rename('a', 'z')];
      const park = events.map((event) => ({ key: event.stream, event, error: 'Error: no', since: '2026-01-01T00:00:00.000Z' }));
      await generation.write({ documents: [], progress: [], park: [park[2]!, park[0]!, park[1]!] });
      await generation.write({ documents: [], progress: [], park: [{ ...park[1]!, error: 'Error: still' }] });
      expect((await generation.parked()).map(({ key, event, error }) => [key, event.position, error])).toEqual([
        ['sample.Shop-a', 1, 'Error: still'],
        ['sample.Shop-a', 2, 'Error: no'],
        ['sample.Shop-b', 0, 'Error: no'],
      ]);
      await generation.write({ documents: [], progress: [], unpark: [{ key: 'sample.Shop-a', position: 1 }] });
      expect((await generation.parked()).map(({ event }) => event)).toEqual([events[2], events[0]]);
    });
  });

  describe('generations', () => {
    it('keeps the live generation across a restart', async () => {
      const generation = await store.live(model);
      await generation.write({ documents: [written('a', 0, { name: 'a' })], progress: [progressTo(3)] });
      const again = await under.reopen();
      expect(await again.state(model)).toBe('live');
      expect((await again.live(model)).generation).toBe(generation.generation);
      expect(await (await again.reader(model)).get('a', 'everything')).toEqual({ name: 'a' });
      expect(await (await again.live(model)).progress()).toEqual([progressTo(3)]);
    });

    it('says that a rebuild is due when the version or an index changed, and begins anew without one', async () => {
      expect(await store.state(model)).toBe('none');
      await (await store.live(model)).write({ documents: [written('a', 0, { name: 'a' })], progress: [progressTo(3)] });
      const raised = { ...model, version: 2 };
      const reopened = await under.reopen();
      expect(await reopened.state(raised)).toBe('stale');
      expect(await reopened.state({ ...model, indexes: [] })).toBe('stale');
      expect(await (await reopened.live(raised)).progress()).toEqual([]);
      expect(await (await reopened.reader(raised)).get('a', 'everything')).toBeUndefined();
    });

    it('shows a new generation to every reader at once when it is swapped in, and not before', async () => {
      const live = await store.live(model);
      await live.write({ documents: [written('a', 0, { name: 'old' })], progress: [] });
      const reader = await store.reader(model);
      const next = await store.create(model);
      await next.write({ documents: [written('a', 0, { name: 'new' }), written('b', 0, { name: 'b' })], progress: [progressTo(1)] });
      expect(await reader.getMany(['a', 'b'], 'everything')).toEqual(new Map([['a', { name: 'old' }]]));
      await store.swap(model, next.generation);
      expect((await reader.getMany(['a', 'b'], 'everything')).get('a')).toEqual({ name: 'new' });
      expect(await reader.progress()).toEqual([progressTo(1)]);
      expect((await store.live(model)).generation).toBe(next.generation);
    });

    it('keeps the live generations of two versions side by side, each for its own readers', async () => {
      const raised = { ...model, version: 2 };
      const live = await store.live(model);
      await live.write({ documents: [written('a', 0, { name: 'old' })], progress: [progressTo(1)] });
      const reader = await store.reader(model);
      const next = await store.create(raised);
      await next.write({ documents: [written('a', 0, { name: 'new' })], progress: [progressTo(2)] });
      expect([await store.state(raised), await store.current(raised)]).toEqual(['stale', undefined]);
      await store.swap(raised, next.generation);
      await live.write({ documents: [written('b', 0, { name: 'late' })], progress: [progressTo(3)] });
      expect(await reader.getMany(['a', 'b'], 'everything')).toEqual(
        new Map([
          ['a', { name: 'old' }],
          ['b', { name: 'late' }],
        ]),
      );
      expect(await (await store.reader(raised)).getMany(['a', 'b'], 'everything')).toEqual(new Map([['a', { name: 'new' }]]));
      expect([await store.current(model), await store.current(raised)]).toEqual([live.generation, next.generation]);
      expect([await store.state(model), await store.state(raised)]).toEqual(['live', 'live']);
    });

    it('carries what was given up in one version over to the next', async () => {
      const drop = [
        {
          key: 'k',
          position: 4,
          type: 'sample.ShopOpened',
          id: 'e',
          error: 'no',
          reason: 'void',
          actor: 'it-1',
          at: '2026-01-01T00:00:00.000Z',
        },
      ];
      await (await store.live(model)).write({ documents: [], progress: [], drop });
      const raised = { ...model, version: 2 };
      expect(await (await store.create(raised)).dropped()).toEqual(drop);
      expect(await (await (await under.reopen()).live(raised)).dropped()).toEqual(drop);
    });

    it('names the live generation, once there is one, as it changes', async () => {
      expect(await store.current(model)).toBeUndefined();
      const live = await store.live(model);
      expect(await store.current(model)).toBe(live.generation);
      const next = await store.create(model);
      await store.swap(model, next.generation);
      expect(await store.current(model)).toBe(next.generation);
      expect(await (await under.reopen()).current(model)).toBe(next.generation);
    });

    it('gives what a rebuild wrote before it broke off to the next one, with how far it had come', async () => {
      const next = await store.create(model);
      const reached = [
        { context: 'directory', position: -1 },
        { context: 'sample', position: 41 },
      ];
      const documents = [written('a', 3, { name: '面馆' }, ['面', '馆', '面馆']), written('b', 1, undefined)];
      await next.write({ documents, progress: [], reached: [{ context: 'sample', position: 7 }] });
      await next.write({ documents: [], progress: [], reached });
      let reopened = await under.reopen();
      const left = await reopened.unfinished(model);
      expect(left?.generation).toBe(next.generation);
      const inOrder = async () => [...(await left!.reached())].sort((one, other) => one.context.localeCompare(other.context));
      expect(await inOrder()).toEqual(reached);
      expect(await left!.load(['a', 'b'])).toEqual(
        new Map([
          ['a', { revision: 3, doc: { name: '面馆' } }],
          ['b', { revision: 1, doc: undefined }],
        ]),
      );
      await left!.complete?.();
      await left!.write({ documents: [], progress: [], reached: [{ context: 'sample', position: 50 }] });
      reopened = await under.reopen();
      const again = (await reopened.unfinished(model))!;
      expect(await again.reached()).toContainEqual({ context: 'sample', position: 50 });
      await again.write({ documents: [written('a', 4, { name: '茶馆' }, ['茶', '馆', '茶馆'])], progress: [] });
      await reopened.swap(model, again.generation);
      expect(await (await reopened.live(model)).reached()).toEqual([]);
      expect(await reopened.unfinished(model)).toBeUndefined();
      const found = async (search: string) => (await (await reopened.reader(model)).query({ scope: 'everything', search, limit: 5 })).items;
      expect(await found('面')).toEqual([]);
      expect(await found('茶馆')).toEqual([{ name: '茶馆' }]);
    });

    it('has nothing to go on with of another declaration, where nothing was reached, and after it was discarded', async () => {
      const reached = [{ context: 'sample', position: 41 }];
      await (await store.create({ ...model, version: 2 })).write({ documents: [], progress: [], reached });
      await (await store.create({ ...model, indexes: [] })).write({ documents: [], progress: [], reached });
      await (await store.create(model)).write({ documents: [written('a', 0, { name: 'a' })], progress: [progressTo(1)] });
      const discarded = await store.create(model);
      await discarded.write({ documents: [], progress: [], reached });
      await store.discard(model, discarded.generation);
      expect(await (await under.reopen()).unfinished(model)).toBeUndefined();
    });

    it('finds by words and by index what a bulk load wrote', async () => {
      const next = await store.create(model);
      await next.write({ documents: [written('a', 0, { name: '面馆' }, ['面', '馆', '面馆'])], progress: [] });
      await next.write({ documents: [written('a', 1, { name: '茶馆' }, ['茶', '馆', '茶馆'])], progress: [] });
      await store.swap(model, next.generation);
      const reader = await store.reader(model);
      const found = async (search: string) => (await reader.query({ scope: 'everything', search, limit: 5 })).items;
      expect(await found('面')).toEqual([]);
      expect(await found('茶馆')).toEqual([{ name: '茶馆' }]);
    });

    it('lets a reader that goes through all documents finish while a generation is swapped in', async () => {
      const live = await store.live(model);
      const documents = Array.from({ length: 1_200 }, (_, index) => written(`s${String(index).padStart(5, '0')}`, 0, { name: `${index}` }));
      await live.write({ documents, progress: [] });
      const reader = await store.reader(model);
      const next = await store.create(model);
      let swapped: Promise<void> | undefined;
      const seen: string[] = [];
      for await (const { id } of reader.all()) {
        seen.push(id);
        swapped ??= store.swap(model, next.generation);
      }
      await swapped;
      expect(seen).toEqual(documents.map(({ id }) => id));
      expect(await modelHash(model, reader.all())).toMatchObject({ documents: 0 });
    });

    it('throws a generation away that was not swapped in', async () => {
      await store.live(model);
      const next = await store.create(model);
      await store.discard(model, next.generation);
      await expect(next.write({ documents: [], progress: [progressTo(1)] })).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
};
