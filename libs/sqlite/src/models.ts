import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  SEARCH_SCHEME,
  declaredFields,
  type Document,
  type FrozenModel,
  type ModelDefinition,
  type ModelReader,
  type ModelStore,
} from '@sanwang/read-model';
import { canonicalJson, Rejection, sha256, uuidv7 } from '@sanwang/kernel';
import { droppedIn, freezeFile, openModelFile, removeModelFile, type ModelFile } from './models-file.ts';
import { sqlReader } from './models-query.ts';

/** A generation's name begins with what its file was made for: the declaration's version, fields and indexes. */
const madeFor = (definition: ModelDefinition): string => {
  const { version, indexes, scope, search, kind } = definition;
  const shape = canonicalJson([indexes, scope, declaredFields(definition), kind, search && SEARCH_SCHEME]);
  return `v${version}-${sha256(shape).slice(0, 8)}`;
};

const sync = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
};

const pathIn = (folder: string, { context, name }: ModelDefinition, generation: string): string =>
  join(folder, context, `${name}.${generation}.sqlite`);
const pointerIn = (folder: string, { context, name }: ModelDefinition): string => join(folder, context, `${name}.live`);
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
  return freezeFile(pathIn(folder, definition, generation));
};

/**
 * Read models in SQLite: `<folder>/<context>/<model>.<generation>.sqlite`, one file with one writer per generation, and
 * `<model>.live` beside them, which names the live one. Opening a folder changes nothing; files come with the models.
 */
export const openModels = (folder: string): ModelStore => {
  const live = new Map<string, ModelFile>();
  const aside = new Map<string, ModelFile>();
  const nameOf = ({ context, name }: ModelDefinition): string => `${context}.${name}`;
  const pathOf = (definition: ModelDefinition, generation: string): string => pathIn(folder, definition, generation);
  const pointed = (definition: ModelDefinition): Promise<string | undefined> => pointedIn(folder, definition);
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
  /** What a crashed rebuild or an interrupted swap left behind. */
  const removeOthers = async (definition: ModelDefinition, generation: string): Promise<void> => {
    const prefix = `${definition.name}.`;
    for (const entry of await readdir(join(folder, definition.context))) {
      const match = entry.startsWith(prefix) ? /^(v.+)\.sqlite$/.exec(entry.slice(prefix.length)) : null;
      if (match && match[1] !== generation && !aside.has(match[1]!)) await removeModelFile(pathOf(definition, match[1]!));
    }
  };
  const make = async (definition: ModelDefinition): Promise<ModelFile> => {
    await mkdir(join(folder, definition.context), { recursive: true });
    const former = await pointed(definition);
    const generation = `${madeFor(definition)}-${uuidv7()}`;
    const file = openModelFile(pathOf(definition, generation), generation, definition);
    aside.set(generation, file);
    if (former) await file.write({ documents: [], progress: [], drop: droppedIn(pathOf(definition, former)) });
    return file;
  };
  const swap = async (definition: ModelDefinition, generation: string): Promise<void> => {
    const file = aside.get(generation) ?? openModelFile(pathOf(definition, generation), generation, definition);
    await file.complete();
    const old = live.get(nameOf(definition));
    if (old) await file.write({ documents: [], progress: [], drop: await old.dropped() });
    await point(definition, generation);
    aside.delete(generation);
    live.set(nameOf(definition), file);
    await old?.retire();
  };

  const opening = new Map<string, Promise<ModelFile>>();
  const openLive = async (definition: ModelDefinition): Promise<ModelFile> => {
    let generation = await pointed(definition);
    if (!generation?.startsWith(`${madeFor(definition)}-`)) {
      generation = (await make(definition)).generation;
      await swap(definition, generation);
    } else {
      live.set(nameOf(definition), openModelFile(pathOf(definition, generation), generation, definition));
    }
    await removeOthers(definition, generation);
    return live.get(nameOf(definition))!;
  };
  const liveFile = async (definition: ModelDefinition): Promise<ModelFile> => {
    const name = nameOf(definition);
    const file = live.get(name);
    if (file) return file;
    const pending = opening.get(name) ?? openLive(definition).finally(() => opening.delete(name));
    opening.set(name, pending);
    return pending;
  };

  return {
    async state(definition) {
      if (live.has(nameOf(definition))) return 'live';
      const generation = await pointed(definition);
      if (!generation) return 'none';
      return generation.startsWith(`${madeFor(definition)}-`) ? 'live' : 'stale';
    },
    live: liveFile,

    async reader<Doc extends Document>(definition: ModelDefinition<Doc>): Promise<ModelReader<Doc>> {
      const declared = definition as unknown as ModelDefinition;
      await liveFile(declared);
      const current = (): ModelFile => live.get(nameOf(declared))!;
      const reads = sqlReader(declared, (sql, params) => current().rows(sql, params));
      return {
        definition,
        get: async (id, scope) => reads.getMany([id], scope).get(id) as Doc | undefined,
        getMany: async (ids, scope) => reads.getMany(ids, scope) as ReadonlyMap<string, Doc>,
        query: async (query) => reads.query(query) as { items: readonly Doc[]; nextPageToken?: string },
        count: async (options) => reads.count(options),
        all: () => current().all() as AsyncIterable<{ id: string; doc: Doc }>,
        progress: () => current().progress(),
      };
    },

    create: make,
    swap,

    async discard(definition, generation) {
      if (live.get(nameOf(definition))?.generation === generation) return;
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
