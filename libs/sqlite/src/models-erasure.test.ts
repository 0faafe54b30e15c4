import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectionSink, rebuild, type ModelDefinition } from '@sanwang/read-model';
import { memoryKeys, progressTo, sampleLog, shops } from '@sanwang/read-model/sample';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freezeModel, openModels } from './models.ts';

const model = shops() as unknown as ModelDefinition;
let folder = '';
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'sanwang-erasure-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A numbers generator with a seed, so that a failure can be repeated. */
const seeded = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

/** The files below the folder that hold one of the texts. */
const holding = async (texts: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    for (const text of texts) if (bytes.includes(text)) found.push(`${entry.name}: ${text}`);
  }
  return found;
};

// Characters that occur nowhere else, so that a pair of them in the search index is a find too.
const canary = (index: number): string => String.fromCodePoint(0x3400 + index, 0x4e00 - 1_600 + index, 0x20000 + index);

it.each([3, 4])('leaves no byte of an erased value in any file, nor of its search tokens, with seed %i', async (seed) => {
  const random = seeded(seed);
  const keys = memoryKeys();
  const log = sampleLog(keys);
  const store = openModels(folder);
  const sink = projectionSink(model, await store.live(model), keys);
  const persons = 300;
  const subject = (index: number): string => `person.${index}`;
  for (let index = 0; index < persons; index++) {
    await log.open(`${index}`, { contact: { subject: subject(index), value: canary(index) }, owner: 'x'.repeat(random(900)) });
  }
  for (let index = 0; index < 900; index++) await log.rename(`${random(persons)}`, '店'.repeat(1 + random(300)));
  for (let index = 0; index < 40; index++) await log.close(`${random(persons)}`);
  for (let start = 0; start < log.events.length; start += 70) {
    await sink.apply(log.events.slice(start, start + 70), [progressTo(start + 70)]);
  }

  const gone = Array.from({ length: persons }, (_, index) => index).filter((index) => index % 3 === seed % 3);
  const erasures = [];
  for (const index of gone) erasures.push(await log.erase(subject(index)));
  expect((await holding(gone.map(canary))).length).toBeGreaterThan(0);
  await sink.apply(erasures, [progressTo(0, 'directory')]);
  const texts = gone.flatMap((index) => [canary(index), [...canary(index)].slice(0, 2).join(''), [...canary(index)].slice(1).join('')]);
  expect(await holding(texts)).toEqual([]);
  await store.close();
  expect(await holding(texts)).toEqual([]);
});

it('leaves none in a model that is rebuilt, whether the key is there or destroyed', async () => {
  const keys = memoryKeys();
  const log = sampleLog(keys);
  for (let index = 0; index < 300; index++) await log.open(`${index}`, { contact: { subject: `person.${index}`, value: canary(index) } });
  for (let index = 0; index < 100; index++) await log.erase(`person.${index}`);
  for (let index = 0; index < 50; index++) await keys.destroy(`person.${index}`);
  const store = openModels(folder);
  await rebuild({ definition: model, store, sources: log.sources(64), keys });
  expect(await holding(Array.from({ length: 100 }, (_, index) => canary(index)))).toEqual([]);
  expect(await holding([canary(100)])).not.toEqual([]);
  await store.close();
});

it('rewrites the file only where a value of the subject was ever held, and not while somebody reads what must go', async () => {
  const keys = memoryKeys();
  const log = sampleLog(keys);
  const store = openModels(folder);
  const sink = projectionSink(model, await store.live(model), keys);
  const opened = await log.open('1', { contact: { subject: 'person.1', value: canary(1) } });
  await sink.apply([opened, await log.close('1')], [progressTo(1)]);
  await sink.apply([await log.open('2', { contact: { subject: 'person.2', value: canary(2) } })], [progressTo(2)]);
  await sink.apply([await log.close('2')], [progressTo(3)]);

  const reading = await freezeModel(folder, model);
  await sink.apply([await log.erase('person.1'), await log.erase('stranger')], [progressTo(5, 'directory')]);
  const erasure = await log.erase('person.2');
  await expect(sink.apply([erasure], [progressTo(6, 'directory')])).rejects.toMatchObject({ code: 'unavailable' });
  expect(await sink.progress()).toContainEqual(progressTo(5, 'directory'));
  reading.close();
  await sink.apply([erasure], [progressTo(6, 'directory')]);
  expect(await holding([canary(2)])).toEqual([]);
  await store.close();
});

it('writes nothing of a model into the folder of temporary files, not even when a large one is purged', { timeout: 30_000 }, async () => {
  const temporary = join(folder, 'temporary');
  mkdirSync(temporary);
  const made: string[] = [];
  const watcher = watch(temporary, (_event, name) => void made.push(name ?? ''));
  const program = join(import.meta.dirname, 'fixtures', 'purging.ts');
  const child = spawn(process.execPath, [program, join(folder, 'models')], {
    env: { ...process.env, SQLITE_TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number];
  watcher.close();
  expect([code, made]).toEqual([0, []]);
});
