import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  consumerGroup,
  shapeOf,
  type Document,
  type FrozenModel,
  type ModelDefinition,
  type ModelPage,
  type ModelReader,
  type ModelStore,
} from '@sanwang/read-model';
import { Rejection, uuidv7 } from '@sanwang/kernel';
import { canGoOn, droppedIn, freezeFile, openModelFile, removeModelFile, type ModelFile } from './models-file.ts';
import { sqlReader } from './models-query.ts';
import { INDEX_SCHEME } from './models-schema.ts';

/** A generation's name begins with what its file was made for. */
const madeFor = (definition: ModelDefinition): string => `${shapeOf(definition)}-i${INDEX_SCHEME}`;

const sync = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

const pathIn = (folder: string, { context, name }: ModelDefinition, generation: string): string =>
  join(folder, context, `${name}.${generation}.sqlite`);
const pointerIn = (folder: string, { context, name, version }: ModelDefinition): string =>
  join(folder, context, `${name}.v${version}.live`);
const pointedIn = async (folder: string, definition: ModelDefinition): Promise<string | undefined> => {
  const pointer = pointerIn(folder, definition);
  if (!existsSync(pointer)) return undefined;
  const generation = (await readFile(pointer, 'utf8')).trim();
  return existsSync(pathIn(folder, definition, generation)) ? generation : undefined;
};

/** The live generation of a model in a store's folder as it is now, for a reader in another thread. */
export const freezeModel = async (folder: string, definition: ModelDefinition): Promise<FrozenModel> => {
  const generation = await pointedIn(folder, definition);
  if (!generation)
    throw new Rejection('unavailable', 'read-model-unavailable', `${definition.context}.${definition.name} has no live generation.`);
  return freezeFile(pathIn(folder, definition, generation), definition);
};

/**
 * Read models in SQLite: `<folder>/<context>/<model>.<generation>.sqlite`, one file with one writer per generation, and
 * `<model>.v<version>.live` beside them, which names the live one of a version. Opening a folder changes nothing; files come with the models.
 */
export const openModels = (folder: string): ModelStore => {
  const live = new Map<string, ModelFile>();
  const aside = new Map<string, ModelFile>();
  const pathOf = (definition: ModelDefinition, generation: string): string => pathIn(folder, definition, generation);
  const pointed = (definition: ModelDefinition): Promise<string | undefined> => pointedIn(folder, definition);
  const isFor = (definition: ModelDefinition, generation: string): boolean => generation.startsWith(`${madeFor(definition)}-`);

  const point = async (definition: ModelDefinition, generation: string): Promise<void> => {
    const path = pointerIn(folder, definition);
    const handle = await open(`${path}.new`, 'w');
    await handle
      .writeFile(`${generation}\n`)
      .then(() => handle.sync())
      .finally(() => handle.close());
    await rename(`${path}.new`, path);
    await sync(join(folder, definition.context));
  };

  /** What lies in the folder of a model: its generations, the oldest first, and the versions that have a live one. */
  const lying = async ({ context, name }: ModelDefinition): Promise<{ generations: readonly string[]; versions: readonly number[] }> => {
    const place = join(folder, context);
    const rest = (existsSync(place) ? await readdir(place) : []).flatMap((entry) =>
      entry.startsWith(`${name}.`) ? [entry.slice(name.length + 1)] : [],
    );
    return {
      generations: rest.flatMap((entry) => /^(v.+)\.sqlite$/.exec(entry)?.[1] ?? []).sort(),
      versions: rest.flatMap((entry) => Number(/^v(\d+)\.live$/.exec(entry)?.[1] ?? [])),
    };
  };
  const liveOnes = async (definition: ModelDefinition): Promise<readonly string[]> => {
    const { versions } = await lying(definition);
    const names = await Promise.all(versions.map((version) => pointed({ ...definition, version })));
    return names.filter((name) => name !== undefined);
  };

  /** Other versions, and what a rebuild left behind: nobody would erase in it what is erased in the live one from now on. */
  const removeOthers = async (definition: ModelDefinition): Promise<void> => {
    const { generations, versions } = await lying(definition);
    const used = new Set([...live.values(), ...aside.values()].map(({ generation }) => generation));
    for (const version of versions) {
      if (!live.has(consumerGroup({ ...definition, version }))) await rm(pointerIn(folder, { ...definition, version }), { force: true });
    }
    for (const generation of generations) {
      if (!used.has(generation)) await removeModelFile(pathOf(definition, generation));
    }
  };

  const make = async (definition: ModelDefinition): Promise<ModelFile> => {
    await mkdir(join(folder, definition.context), { recursive: true });
    const former = await liveOnes(definition);
    const generation = `${madeFor(definition)}-${uuidv7()}`;
    const file = openModelFile(pathOf(definition, generation), generation, definition);
    aside.set(generation, file);
    const drop = former.flatMap((one) => droppedIn(pathOf(definition, one)));
    if (drop.length > 0) await file.write({ documents: [], progress: [], drop });
    return file;
  };

  const swap = async (definition: ModelDefinition, generation: string): Promise<void> => {
    // It may have been completed by another thread since it was opened here.
    aside.get(generation)?.close();
    aside.delete(generation);
    const file = openModelFile(pathOf(definition, generation), generation, definition);
    try {
      await file.complete();
      const former = await liveOnes(definition);
      await file.write({ documents: [], progress: [], drop: former.flatMap((one) => droppedIn(pathOf(definition, one))) });
      file.forgetReached();
      await point(definition, generation);
    } catch (error) {
      file.close();
      throw error;
    }
    const old = live.get(consumerGroup(definition));
    live.set(consumerGroup(definition), file);
    await old?.retire();
  };

  const opening = new Map<string, Promise<ModelFile>>();
  const openLive = async (definition: ModelDefinition): Promise<ModelFile> => {
    let generation = await pointed(definition);
    if (!generation || !isFor(definition, generation)) {
      generation = (await make(definition)).generation;
      await swap(definition, generation);
    } else {
      live.set(consumerGroup(definition), openModelFile(pathOf(definition, generation), generation, definition));
    }
    await removeOthers(definition);
    return live.get(consumerGroup(definition))!;
  };
  const liveFile = async (definition: ModelDefinition): Promise<ModelFile> => {
    const name = consumerGroup(definition);
    const file = live.get(name);
    if (file) return file;
    const pending = opening.get(name) ?? openLive(definition).finally(() => opening.delete(name));
    opening.set(name, pending);
    return pending;
  };

  return {
    async state(definition) {
      if (live.has(consumerGroup(definition))) return 'live';
      const generation = await pointed(definition);
      if (generation && isFor(definition, generation)) return 'live';
      return (await liveOnes(definition)).length > 0 ? 'stale' : 'none';
    },
    async current(definition) {
      const generation = live.get(consumerGroup(definition))?.generation ?? (await pointed(definition));
      return generation && isFor(definition, generation) ? generation : undefined;
    },
    live: liveFile,

    async reader<Doc extends Document>(definition: ModelDefinition<Doc>): Promise<ModelReader<Doc>> {
      const declared = definition as unknown as ModelDefinition;
      await liveFile(declared);
      const current = (): ModelFile => live.get(consumerGroup(declared))!;
      const reads = sqlReader(declared, (sql, params) => current().rows(sql, params));
      return {
        definition,
        get: async (id, scope) => reads.getMany([id], scope).get(id) as Doc | undefined,
        getMany: async (ids, scope) => reads.getMany(ids, scope) as ReadonlyMap<string, Doc>,
        query: async (query) => (await reads.query(query)) as ModelPage<Doc>,
        count: async (options) => reads.count(options),
        all: () => current().all() as AsyncIterable<{ id: string; doc: Doc }>,
        progress: () => current().progress(),
      };
    },

    create: make,
    async unfinished(definition) {
      const alive = new Set(await liveOnes(definition));
      for (const generation of (await lying(definition)).generations.toReversed()) {
        const path = pathOf(definition, generation);
        if (alive.has(generation) || !isFor(definition, generation)) continue;
        const here = aside.get(generation);
        if (here ? (await here.reached()).length === 0 : !canGoOn(path)) continue;
        const file = here ?? openModelFile(path, generation, definition);
        aside.set(generation, file);
        return file;
      }
      return undefined;
    },
    swap,

    async discard(definition, generation) {
      if (live.get(consumerGroup(definition))?.generation === generation) return;
      aside.get(generation)?.close();
      aside.delete(generation);
      await removeModelFile(pathOf(definition, generation));
    },

    async close() {
      for (const file of [...live.values(), ...aside.values()]) file.close();
      live.clear();
      aside.clear();
    },
  };
};
