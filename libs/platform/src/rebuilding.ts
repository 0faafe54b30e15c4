import { published } from '@sanwang/event-store';
import { topicOf, type Bus } from '@sanwang/messaging';
import {
  consumerName,
  createRebuildThreads,
  rebuildAsideInThread,
  rebuildInThread,
  type ModelDefinition,
  type ModelHash,
  type ModelStore,
  type RebuildHost,
  type RebuildProgress,
  type Rebuilt,
  type TopicEnds,
} from '@sanwang/read-model';
import { modelsOf } from '@sanwang/service';
import { openEventLogReader, openKeyReader, openModels } from '@sanwang/sqlite';
import { layout } from './embedded.ts';
import { findServices } from './services.ts';

interface OpenerArgs {
  readonly folder: string;
  readonly services: string;
  readonly context: string;
}

/** Opens, in a rebuild's worker thread, what it reads and the store it writes its own file in. */
export const openRebuild = async (args: unknown): Promise<RebuildHost> => {
  const { folder, services, context } = args as OpenerArgs;
  const places = layout(folder);
  const found = await findServices(services);
  const catalogues = new Map(
    found.flatMap(({ definition }) => (definition.catalogue ? [[definition.context, definition.catalogue] as const] : [])),
  );
  const log = openEventLogReader(places.log);
  const keys = openKeyReader(places.keys);
  const store = openModels(places.models);
  const catalogueOf = (name: string) => {
    const catalogue = catalogues.get(name);
    if (!catalogue) throw new Error(`no service declares the events of ${name}`);
    return catalogue;
  };
  return {
    definitions: modelsOf(found.find((service) => service.context === context)!.definition),
    store,
    keys,
    sources: {
      head: (name) => log.head(`${name}.`),
      read: (name, options) => published(log, catalogueOf(name), { ...options, pageSize: 2_000 }),
    },
    async close() {
      await store.close();
      await keys.close();
      await log.close();
    },
  };
};

/** Rebuilds of one deployment's models, in worker threads. */
export interface Rebuilding {
  rebuild(definition: ModelDefinition, options?: RebuildingOptions): Promise<Rebuilt>;
  /** Builds aside up to a position per context, and hashes. */
  hashAside(
    definition: ModelDefinition,
    upTo: ReadonlyMap<string, number>,
    options?: Omit<RebuildingOptions, 'takeOver'>,
  ): Promise<ModelHash>;
  /** Ends the threads that wait for work. */
  close(): Promise<void>;
  /** What is being rebuilt now: the share done, from 0 to 1, by model. */
  progress(): ReadonlyMap<string, number>;
}
export interface RebuildingOptions {
  onProgress?(progress: RebuildProgress): void;
  takeOver?(swap: () => Promise<void>): Promise<void>;
  readonly signal?: AbortSignal;
}

export const createRebuilding = (deployment: {
  readonly folder: string;
  readonly services: string;
  readonly store: ModelStore;
  readonly bus: Bus;
}): Rebuilding => {
  const { folder, services, store, bus } = deployment;
  const under = new Map<string, number>();
  const ends = async (context: string): Promise<TopicEnds> => {
    const { topic, generation } = await bus.ensureTopic(topicOf(context));
    return (await bus.endOffsets(topic)).map((nextOffset, partition) => ({ topic, generation, partition, nextOffset }));
  };
  const threads = createRebuildThreads();
  const common = (definition: ModelDefinition) => ({
    store,
    threads,
    definition,
    ends,
    opener: { module: import.meta.url, name: 'openRebuild', args: { folder, services, context: definition.context } satisfies OpenerArgs },
  });
  return {
    async rebuild(definition, options = {}) {
      const name = consumerName(definition);
      under.set(name, 0);
      const onProgress = (progress: RebuildProgress): void => {
        under.set(name, progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0);
        options.onProgress?.(progress);
      };
      try {
        return await rebuildInThread({ ...common(definition), ...options, onProgress });
      } finally {
        under.delete(name);
      }
    },
    progress: () => under,
    hashAside: (definition, upTo, options = {}) => rebuildAsideInThread({ ...common(definition), upTo, ...options }),
    close: () => threads.close(),
  };
};
