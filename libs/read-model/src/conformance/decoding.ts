import { NewerEvent } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { KnownTypes } from '@sanwang/messaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectionSink, type ProjectionSink } from '../projection.ts';
import { rebuild } from '../rebuild.ts';
import type { ModelDefinition, ModelReader } from '../port.ts';
import type { OpenModelStore, ModelStoreUnderTest } from './under-test.ts';
import { memoryKeys, progressTo, sampleLog, shops } from './sample.ts';

/** The same event as a message brings it: recorded in version 1, its data decoded on first use. */
const recorded = (event: PublishedEvent, data: unknown, decode: (data: unknown) => unknown): PublishedEvent => {
  const { data: _, ...rest } = event;
  const rawData = JSON.stringify(data);
  return {
    ...rest,
    version: 2,
    rawData,
    rawVersion: 1,
    get data() {
      return decode(JSON.parse(rawData));
    },
  };
};

/** What projections owe when an event's data cannot be decoded: the event fails, not its consumer. */
export const decodingConformance = (open: OpenModelStore): void => {
  let under: ModelStoreUnderTest;
  let sink: ProjectionSink;
  let reader: ModelReader;
  const keys = memoryKeys();
  const definition = shops() as unknown as ModelDefinition;
  let upcast: (data: unknown) => unknown;
  const known: KnownTypes = {
    versions: new Map(['ShopOpened', 'ShopRenamed', 'ShopVisited'].map((type) => [`sample.${type}`, 2])),
    upcast: ({ version }, data) => (version === 1 ? upcast(data) : data),
  };
  beforeEach(async () => {
    under = await open();
    sink = projectionSink(definition, await under.store.live(definition), keys, {}, { known });
    reader = await under.store.reader(definition);
    upcast = () => {
      throw new TypeError('a broken upcaster');
    };
  });
  afterEach(() => under.close());
  const fromLog = (event: PublishedEvent, data: unknown): PublishedEvent => recorded(event, data, (parsed) => upcast(parsed));

  describe('an event that cannot be decoded', () => {
    it.each(['ShopOpened', 'ShopRenamed'])('parks its stream at a %s, and lets the others go on', async (type) => {
      const log = sampleLog(keys);
      await log.open('1');
      await log.rename('1', '新');
      await log.visit('1');
      await log.open('2');
      const events = log.events.map((event) => (event.type === type && event.stream.endsWith('-1') ? fromLog(event, {}) : event));
      await sink.apply(events, [progressTo(3)]);
      expect(await sink.progress()).toEqual([progressTo(3)]);
      expect(await reader.get('2', 'everything')).toMatchObject({ name: '店2' });
      expect(await sink.parked()).toMatchObject([{ key: 'sample.Shop-1', error: 'TypeError: a broken upcaster' }]);
    });

    it('also when it queues behind another', async () => {
      const log = sampleLog(keys);
      await log.open('1');
      await log.rename('1', '新');
      await log.rename('1', '更新');
      const [opened, ...renamed] = log.events;
      await sink.apply([opened!, fromLog(renamed[0]!, { title: '新' })], []);
      await sink.apply([fromLog(renamed[1]!, { title: '更新' })], [progressTo(2)]);
      expect(await sink.parked()).toMatchObject([{ events: [{ position: 1 }, { position: 2 }] }]);
    });

    it('is decoded again when it is replayed, from the text that was recorded, also where it was decoded wrongly', async () => {
      const log = sampleLog(keys);
      await log.open('1');
      await log.rename('1', '新');
      const [opened, renamed] = log.events;
      await sink.apply([opened!, fromLog(renamed!, { title: '新' })], [progressTo(1)]);
      expect(await sink.replayParked('sample.Shop-1')).toMatchObject({ applied: 0, error: 'TypeError: a broken upcaster' });
      upcast = () => ({ name: 1n });
      expect(await sink.replayParked('sample.Shop-1')).toMatchObject({ applied: 0, remaining: 1 });
      upcast = (data) => ({ name: (data as { title: string }).title });
      expect(await sink.replayParked('sample.Shop-1')).toMatchObject({ applied: 1, remaining: 0 });
      expect(await reader.get('1', 'everything')).toMatchObject({ name: '新', revision: 1 });
    });

    it('is parked sealed', async () => {
      const log = sampleLog(keys);
      const { data } = await log.open('1', { contact: { subject: 'person.1', value: '王小二' } });
      await sink.apply([fromLog(log.events[0]!, data)], []);
      expect(JSON.stringify(await sink.showParked('sample.Shop-1'))).not.toContain('王小二');
      upcast = (read) => read;
      await sink.replayParked('sample.Shop-1');
      expect(await reader.get('1', 'everything')).toMatchObject({ contact: { subject: 'person.1', value: '王小二' } });
    });

    it('is parked where it tells of an erasure, and erases when it is replayed', async () => {
      const log = sampleLog(keys);
      await log.open('1', { contact: { subject: 'person.1', value: '王小二' } });
      await log.erase('person.1');
      const [opened, erased] = log.events;
      await sink.apply([opened!, fromLog(erased!, { of: 'person.1' })], [progressTo(1)]);
      expect(await sink.parked()).toMatchObject([{ key: 'directory.Subject-person.1', events: [{ position: 1 }] }]);
      upcast = (data) => ({ subject: (data as { of: string }).of });
      await sink.replayParked('directory.Subject-person.1');
      expect(await reader.get('1', 'everything')).toMatchObject({ contact: { subject: 'person.1', erased: true } });
    });

    it('is parked by a rebuild as well', async () => {
      const log = sampleLog(keys);
      await log.open('1');
      await log.open('2');
      log.events[0] = fromLog(log.events[0]!, {});
      await rebuild({ definition, store: under.store, sources: log.sources(), keys });
      expect(await (await under.store.live(definition)).parked()).toMatchObject([{ event: { rawData: '{}', rawVersion: 1 } }]);
      expect(await reader.get('2', 'everything')).toMatchObject({ name: '店2' });
    });

    it('stops the consumer when only a later release can decode it', async () => {
      const log = sampleLog(keys);
      await log.open('1');
      upcast = () => {
        throw new NewerEvent('a version of tomorrow');
      };
      await expect(sink.apply([fromLog(log.events[0]!, {})], [progressTo(0)])).rejects.toBeInstanceOf(NewerEvent);
      expect(await sink.progress()).toEqual([]);
      expect(await sink.parked()).toEqual([]);
    });
  });
};
