import type { Keys } from '@sanwang/event-store';
import { modelHash, type ModelHash } from './hash.ts';
import { contextsOf, createMaking, headsOf, readInto, type Heads, type LogSources, type Making, type RebuildProgress } from './making.ts';
import { consumerName } from './projection.ts';
import type { ModelDefinition, ModelStore } from './port.ts';

/** A live model as it was at one moment, while writes to it go on. */
export interface FrozenModel {
  hash(): Promise<ModelHash>;
  close(): void;
}

/**
 * Freezes a model of a store that has no snapshots, by hashing it before the answer comes: whoever calls holds the relays so long,
 * which is as long as it takes to read every document once. Commands go on; what they caused is seen only after that.
 */
export const freezeByReading = async (store: ModelStore, definition: ModelDefinition): Promise<FrozenModel> => {
  const hash = await modelHash(definition, (await store.reader(definition)).all());
  return { hash: () => Promise.resolve(hash), close: () => undefined };
};
/** Where the live models stand still to be frozen: a position per context, and which of them do not get there, and why. */
export interface Held {
  readonly upTo: Heads;
  readonly behind: ReadonlyMap<string, unknown>;
}
export interface CompareOptions {
  readonly definitions: readonly ModelDefinition[];
  readonly store: ModelStore;
  readonly sources: LogSources;
  readonly keys: Pick<Keys, 'find'>;
  /** Holds the relays at these positions or, where they are beyond, higher, and lets the live models reach them. */
  hold(reached: Heads): Promise<Held>;
  release(): Promise<void>;
  freeze(definition: ModelDefinition): Promise<FrozenModel>;
  readonly onProgress?: (progress: RebuildProgress & { readonly step: string }) => void;
  readonly signal?: AbortSignal;
}
/** What a comparison found of one model, by its consumer's name: two hashes, or why there are none. */
export type Compared =
  { readonly model: string; readonly live: ModelHash; readonly rebuilt: ModelHash } | { readonly model: string; readonly error: unknown };

/**
 * Compares live models with ones made aside from the log. The log is read once for all of them; only then are the relays held,
 * as long as it takes to freeze the live models at the positions reached; both sides are hashed after that. What is made aside
 * lies in files of the store and is thrown away.
 */
export const compareWithLog = async (options: CompareOptions): Promise<readonly Compared[]> => {
  const { store, sources, keys, definitions } = options;
  const makings: Making[] = [];
  const frozen = new Map<string, FrozenModel>();
  const report = (step: string) => ({
    ...(options.signal && { signal: options.signal }),
    onProgress: (progress: RebuildProgress) => options.onProgress?.({ ...progress, step }),
  });
  try {
    for (const definition of definitions) {
      makings.push(await createMaking(definition, store, keys, 'comparison'));
    }
    // Where the log cannot be read to its end, neither can the relays: it matters only if they are beyond.
    const heads = await headsOf(makings, sources);
    await readInto(makings, sources, heads, report('models from the log'));
    const reached = new Map(
      [...heads.keys()].map((context) => [
        context,
        Math.min(...makings.filter((making) => contextsOf(making).has(context)).map((making) => making.position(context))),
      ]),
    );
    let held: Held;
    try {
      held = await options.hold(reached);
      for (const definition of definitions) {
        const name = consumerName(definition);
        if (!held.behind.has(name)) frozen.set(name, await options.freeze(definition));
      }
    } finally {
      await options.release();
    }
    const { failed } = await readInto(makings, sources, held.upTo, report('models from the log'));

    const compared: Compared[] = [];
    for (const [index, making] of makings.entries()) {
      const { definition, generation } = making;
      const model = consumerName(definition);
      options.onProgress?.({ events: 0, done: index, total: makings.length, step: model });
      const unread = [...contextsOf(making)].find((context) => failed.has(context));
      const live = frozen.get(model);
      if (unread !== undefined) compared.push({ model, error: failed.get(unread) });
      else if (!live) compared.push({ model, error: held.behind.get(model) });
      else {
        await making.flush([]);
        compared.push({ model, live: await live.hash(), rebuilt: await modelHash(definition, generation.all()) });
      }
      live?.close();
      frozen.delete(model);
      await store.discard(definition, generation.generation);
    }
    return compared;
  } finally {
    for (const model of frozen.values()) model.close();
    for (const { definition, generation } of makings) await store.discard(definition, generation.generation);
  }
};

/** Makes a model aside from the log, up to a position per context (absent: the head), hashes it and throws it away. */
export const rebuildAside = async (
  options: Pick<CompareOptions, 'store' | 'sources' | 'keys'> & { readonly definition: ModelDefinition; readonly upTo?: Heads },
): Promise<ModelHash> => {
  const { definition, store, sources } = options;
  const making = await createMaking(definition, store, options.keys, 'comparison');
  try {
    const { failed } = await readInto([making], sources, await headsOf([making], sources, options.upTo));
    for (const error of failed.values()) throw error;
    await making.flush([]);
    return await modelHash(definition, making.generation.all());
  } finally {
    await store.discard(definition, making.generation.generation);
  }
};
