import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { modelHash, rebuildAll, rebuildAside, type ModelDefinition } from '@sanwang/read-model';
import { journal, memoryKeys, sampleLog, shops } from '@sanwang/read-model/sample';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testFolder } from './fixtures/folder.ts';
import { startFixture } from './fixtures/start.ts';
import { opener } from './models-rebuild.opener.ts';
import { openModels } from './models.ts';

const model = shops() as unknown as ModelDefinition;
let folder: ReturnType<typeof testFolder>;
beforeEach(() => void (folder = testFolder()));
afterEach(() => folder.remove());

it('goes on with a rebuild that was killed, from what it had reached, to the same models', { timeout: 60_000 }, async () => {
  const { sources } = await opener({ folder: folder.path });
  const keys = memoryKeys();
  const log = sampleLog(keys);
  for (let index = 0; index < 12_000; index++) await log.open(`${index % 6_000}-${index}`, { name: `小店第${index}号`, rank: index % 7 });
  for (let index = 0; index < 12_000; index++) await log.visit(`${index % 6_000}-${index}`);
  for (let index = 0; index < 500; index++) await log.close(`${index}-${index}`);
  await appendFile(join(folder.path, 'log.jsonl'), log.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const last = log.events.length - 1;

  let before = -1;
  for (const pages of [9, 4, 1]) {
    const child = startFixture('rebuilding.ts', folder.path);
    await eventually(() => expect(child.lines().length, child.errors()).toBeGreaterThan(pages), 20_000);
    await child.kill();
    const looking = openModels(join(folder.path, 'models'));
    const reached = (await (await looking.unfinished(model))?.reached())?.find(({ context }) => context === 'sample')?.position ?? -1;
    await looking.close();
    expect(reached).toBeGreaterThanOrEqual(before);
    expect(reached).toBeLessThan(last);
    before = reached;
  }
  expect(before).toBeGreaterThan(5_000);

  const store = openModels(join(folder.path, 'models'));
  const readAfter: number[] = [];
  const { events } = await rebuildAll({
    definitions: [model, journal],
    store,
    keys,
    sources: {
      ...sources,
      ends: async () => [],
      read(context, options) {
        if (context === 'sample') readAfter.push(options.after);
        return sources.read(context, options);
      },
    },
  });
  expect(readAfter[0]).toBeGreaterThan(5_000);
  expect(events).toBeLessThan(2 * (last - 5_000));
  for (const definition of [model, journal]) {
    const live = await modelHash(definition, (await store.reader(definition)).all());
    expect(live).toEqual(await rebuildAside({ definition, store, sources, keys }));
    expect(live.documents).toBe(definition === model ? 11_500 : 24_500);
  }
  const found = await (await store.reader(model)).query({ scope: 'everything', search: '第7777号', limit: 5 });
  expect(found.items).toMatchObject([{ name: '小店第7777号', visits: 1 }]);
  expect(await store.unfinished(model)).toBeUndefined();
  await store.close();
});
