import { published } from '@sanwang/event-store';
import { topicOf, type Bus } from '@sanwang/messaging';
import {
  compareInThread,
  consumerName,
  createRebuildThreads,
  rebuildInThread,
  type Compared,
  type Heads,
  type Held,
  type ModelDefinition,
  type ModelStore,
  type RebuildHost,
  type RebuildProgress,
  type Rebuilt,
  type TakeOver,
  type TopicEnds,
} from '@sanwang/read-model';
import { modelsOf } from '@sanwang/service';
import { freezeModel, openEventLogReader, openKeyReader, openModels } from '@sanwang/sqlite';
import { layout } from './embedded.ts';
import { findServices } from './services.ts';

interface OpenerArgs {
  readonly folder: string;
  readonly services: string;
}

/** Opens, in a rebuild's worker thread, what it reads and the stores it writes its own files in. */
export const openRebuild = async (args: unknown): Promise<RebuildHost> => {
  const { folder, services } = args as OpenerArgs;
  const places = layout(folder);
  const found = await findServices(services);
  const catalogues = new Map(
    found.flatMap(({ definition }) => (definition.catalogue ? [[definition.context, definition.catalogue] as const] : [])),
  );
  const log = openEventLogReader(places.log);
  const keys = openKeyReader(places.keys);
  const catalogueOf = (name: string) => {
    const catalogue = catalogues.get(name);
    if (!catalogue) throw new Error(`no service declares the events of ${name}`);
    return catalogue;
  };
  return {
    definitions: found.flatMap(({ definition }) => modelsOf(definition)),
    openStore: () => openModels(places.models),
    freeze: (definition) => freezeModel(places.models, definition),
    keys,
    sources: {
      head: (name) => log.head(`${name}.`),
      read: (name, options) => published(log, catalogueOf(name), { ...options, pageSize: 2_000 }),
    },
    async close() {
      await keys.close();
      await log.close();
    },
  };
};

interface Watching {
  onProgress?(progress: RebuildProgress & { readonly step: string }): void;
  readonly signal?: AbortSignal;
}

/** Rebuilds of one deployment's models: one worker thread and one reading of the log, however many models. */
export interface Rebuilding {
  rebuild(definition: ModelDefinition, options?: Watching & { takeOver?(swap: () => Promise<void>): Promise<void> }): Promise<Rebuilt>;
  rebuildAll(definitions: readonly ModelDefinition[], options?: Watching & { readonly takeOver?: TakeOver }): Promise<Rebuilt>;
  /** Compares the live models with ones made aside; see `compareWithLog`. */
  compare(
    definitions: readonly ModelDefinition[],
    relays: { hold(reached: Heads): Promise<Held>; release(): Promise<void> },
    options?: Watching,
  ): Promise<readonly Compared[]>;
  /** What is being rebuilt now: the share done, from 0 to 1, by model. */
  progress(): ReadonlyMap<string, number>;
  /** Ends the threads that wait for work. */
  close(): Promise<void>;
}

export const createRebuilding = (deployment: {
  readonly folder: string;
  readonly services: string;
  readonly store: ModelStore;
  readonly bus: Bus;
}): Rebuilding => {
  const { folder, services, store, bus } = deployment;
  const ends = async (context: string): Promise<TopicEnds> => {
    const { topic, generation } = await bus.ensureTopic(topicOf(context));
    return (await bus.endOffsets(topic)).map((nextOffset, partition) => ({ topic, generation, partition, nextOffset }));
  };
  const opener = { module: import.meta.url, name: 'openRebuild', args: { folder, services } satisfies OpenerArgs };
  const threads = createRebuildThreads();
  const common = { store, opener, threads };
  const under = new Map<string, number>();
  const rebuildAll: Rebuilding['rebuildAll'] = async (definitions, options = {}) => {
    const names = definitions.map(consumerName);
    const share = (value: number): void => names.forEach((name) => under.set(name, value));
    share(0);
    const onProgress: Watching['onProgress'] = (progress) => {
      share(progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0);
      options.onProgress?.(progress);
    };
    try {
      return await rebuildInThread({ ...common, definitions, ends, ...options, onProgress });
    } finally {
      for (const name of names) under.delete(name);
    }
  };
  return {
    rebuildAll,
    progress: () => under,
    rebuild: (definition, { takeOver, ...watching } = {}) =>
      rebuildAll([definition], { ...watching, ...(takeOver && { takeOver: (_definition, swap) => takeOver(swap) }) }),
    compare: (definitions, relays, options = {}) => compareInThread({ ...common, definitions, ...relays, ...options }),
    close: () => threads.close(),
  };
};
