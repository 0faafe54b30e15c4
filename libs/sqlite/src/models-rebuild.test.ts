import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishedEvent } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import {
  compareInThread,
  createRebuildThreads,
  modelHash,
  projectionSink,
  rebuildInThread,
  type ModelDefinition,
  type ModelStore,
} from '@sanwang/read-model';
import { journal, memoryKeys, progressTo, sampleLog, shops, written } from '@sanwang/read-model/sample';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openModels } from './models.ts';

const model = shops() as unknown as ModelDefinition;
const keys = memoryKeys();
let folder = '';
let store: ModelStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sanwang-rebuild-'));
  store = openModels(join(folder, 'models'));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const save = (events: readonly PublishedEvent[]): Promise<void> =>
  appendFile(join(folder, 'log.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
const files = async (): Promise<readonly string[]> =>
  (await readdir(join(folder, 'models', 'sample'))).filter((name) => name.endsWith('.sqlite'));
const options = (name = 'opener') => ({
  opener: { module: new URL('./models-rebuild.opener.ts', import.meta.url).href, name, args: { folder } },
  definitions: [model],
  store,
  ends: async (context: string) => [{ topic: `sanwang.${context}.v1`, generation: 'g1', partition: 0, nextOffset: 5 }],
});
/** A log on disk, and the live model fed from it. */
const given = async () => {
  const log = sampleLog(keys);
  for (let index = 0; index < 50; index++) await log.open(`${index}`, { area: `17${index}` });
  for (let index = 0; index < 100; index++) await log.visit(`${index % 50}`);
  await save(log.events);
  const sink = projectionSink(model, await store.live(model), keys);
  await sink.apply(log.events, [progressTo(149)]);
  return { log, sink, reader: await store.reader(model) };
};

it('rebuilds in a worker thread to the hash of the live model, while readers keep reading the old one', async () => {
  const { reader } = await given();
  const before = await modelHash(model, reader.all());
  const seen: unknown[] = [];
  await rebuildInThread({
    ...options(),
    onProgress: (progress) => seen.push(progress),
    takeOver: async (_definition, swap) => {
      expect(await reader.get('1', 'everything')).toMatchObject({ visits: 2 });
      await swap();
    },
  });
  expect(seen).toContainEqual({ step: 'sample.shops', events: 150, done: 150, total: 150 });
  expect(await modelHash(model, reader.all())).toEqual(before);
  expect(await reader.progress()).toContainEqual({ ...progressTo(149), nextOffset: 5 });
  expect(await files()).toHaveLength(1);
});

it('takes in what was appended while the worker read, before it is swapped in', async () => {
  const { log, reader } = await given();
  await rebuildInThread({
    ...options(),
    takeOver: async (_definition, swap) => {
      await save([await log.visit('1')]);
      await swap();
    },
  });
  expect(await reader.get('1', 'everything')).toMatchObject({ visits: 3 });
});

it('rebuilds several models in one reading of the log, each taken over by itself', async () => {
  const { log } = await given();
  const order: string[] = [];
  await rebuildInThread({
    ...options(),
    definitions: [model, journal],
    takeOver: async ({ name }, swap) => {
      await save([await log.visit('1')]);
      await swap();
      order.push(name);
    },
  });
  expect(order).toEqual(['shops', 'journal']);
  expect(await (await store.reader(model)).get('1', 'everything')).toMatchObject({ visits: 3 });
  expect(await (await store.reader(journal)).count({ scope: 'everything', by: [] })).toMatchObject([{ count: 152 }]);
  expect(await files()).toHaveLength(2);
});

it('lets a model that stands still for a swap go on with what it had when the worker fails', async () => {
  const { reader } = await given();
  const stop = new AbortController();
  let wentOn = false;
  const broken = rebuildInThread({
    ...options(),
    signal: stop.signal,
    takeOver: async (_definition, swap) => {
      const swapping = swap();
      stop.abort(new Error('called off'));
      await swapping.finally(() => (wentOn = true));
    },
  });
  await expect(broken).rejects.toThrow('called off');
  expect(wentOn).toBe(true);
  expect(await reader.get('1', 'everything')).toMatchObject({ visits: 2 });
});

it('compares live models with ones made aside, at the position where they are held, while more is written', async () => {
  const { sink, log, reader } = await given();
  const before = await modelHash(model, reader.all());
  const seen: string[] = [];
  const compared = await compareInThread({
    ...options(),
    definitions: [model, journal],
    async hold(reached) {
      seen.push('hold');
      expect(reached).toEqual(
        new Map([
          ['sample', 149],
          ['directory', -1],
        ]),
      );
      const late = await log.visit('1');
      await save([late]);
      await sink.apply([late], []);
      return {
        upTo: new Map([
          ['sample', 150],
          ['directory', -1],
        ]),
        behind: new Map([['sample.journal', new Rejection('unavailable', 'model-behind', 'slow')]]),
      };
    },
    async release() {
      if (!seen.includes('release')) {
        const later = await log.visit('2');
        await save([later]);
        await sink.apply([later], []);
      }
      seen.push('release');
    },
  });
  expect(compared).toMatchObject([
    { model: 'sample.shops', live: { documents: 50 } },
    { model: 'sample.journal', error: { code: 'unavailable', reason: 'model-behind' } },
  ]);
  const [shopsCompared] = compared;
  if (!shopsCompared || 'error' in shopsCompared) throw new Error('not compared');
  expect(shopsCompared.rebuilt).toEqual(shopsCompared.live);
  expect(shopsCompared.live.hash).not.toBe(before.hash);
  expect(await modelHash(model, reader.all())).not.toEqual(shopsCompared.live);
  expect(seen.slice(0, 2)).toEqual(['hold', 'release']);
  expect(await files()).toHaveLength(1);
});

it('finds a live model that is not what the log makes of it', async () => {
  const { reader } = await given();
  await (await store.live(model)).write({ documents: [{ ...written('1', 99, { id: '1', name: '假店', visits: 0 }) }], progress: [] });
  const [compared] = await compareInThread({
    ...options(),
    hold: async (reached) => ({ upTo: reached, behind: new Map() }),
    release: async () => undefined,
  });
  if (!compared || 'error' in compared) throw new Error('not compared');
  expect(compared.live).toEqual(await modelHash(model, reader.all()));
  expect(compared.rebuilt.hash).not.toBe(compared.live.hash);
});

it('keeps the old generation when the worker fails or is called off, and goes on with the new one only after the latter', async () => {
  const { reader } = await given();
  const before = await modelHash(model, reader.all());
  await expect(rebuildInThread(options('no such opener'))).rejects.toThrow();
  const away = async (): Promise<never> => Promise.reject(new Rejection('unavailable', 'bus-unavailable', 'away'));
  await expect(rebuildInThread({ ...options(), ends: away })).rejects.toMatchObject({ code: 'unavailable' });
  expect(await files()).toHaveLength(1);
  const stop = new AbortController();
  const called = rebuildInThread({ ...options(), signal: stop.signal, takeOver: async () => stop.abort(new Error('called off')) });
  await expect(called).rejects.toThrow('called off');
  expect(await modelHash(model, reader.all())).toEqual(before);
  expect(await files()).toHaveLength(2);
  expect((await rebuildInThread(options())).events).toBe(0);
  expect(await modelHash(model, reader.all())).toEqual(before);
  expect(await files()).toHaveLength(1);
});

it('does one job after another in a thread that is kept, and makes a new one after a failure', async () => {
  const { reader } = await given();
  const before = await modelHash(model, reader.all());
  const threads = createRebuildThreads();
  const first = threads.take();
  threads.giveBack(first);
  expect((await rebuildInThread({ ...options(), threads })).events).toBe(150);
  const again = threads.take();
  expect(again).toBe(first);
  threads.giveBack(again);
  await expect(rebuildInThread({ ...options('no such opener'), threads })).rejects.toThrow();
  expect((await rebuildInThread({ ...options(), threads })).events).toBe(150);
  expect(await modelHash(model, reader.all())).toEqual(before);
  await threads.close();
  expect(await files()).toHaveLength(1);
});

it('removes at its next opening what a crashed rebuild left behind', async () => {
  await given();
  await store.close();
  await writeFile(join(folder, 'models', 'sample', 'shops.v1-00000000-crashed.sqlite'), 'half a file');
  store = openModels(join(folder, 'models'));
  await store.live(model);
  expect(await files()).toHaveLength(1);
});

it('says that the model is away while another connection holds its file, and goes on afterwards', async () => {
  const { sink, log, reader } = await given();
  const [file] = await files();
  const stranger = new DatabaseSync(join(folder, 'models', 'sample', file!));
  stranger.exec('BEGIN IMMEDIATE');
  const visit = await log.visit('1');
  await expect(sink.apply([visit], [progressTo(150)])).rejects.toMatchObject({ code: 'unavailable', reason: 'read-model-unavailable' });
  expect(await reader.get('1', 'everything')).toMatchObject({ visits: 2 });
  stranger.exec('ROLLBACK');
  stranger.close();
  await sink.apply([visit], [progressTo(150)]);
  expect(await reader.get('1', 'everything')).toMatchObject({ visits: 3 });
  expect(await sink.parked()).toEqual([]);
});
