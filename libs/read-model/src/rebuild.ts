import type { Keys } from '@sanwang/event-store';
import {
  contextsOf,
  createMaking,
  headsOf,
  readInto,
  type Making,
  type RebuildProgress,
  type RebuildSources,
  type TopicEnds,
} from './making.ts';
import type { ModelDefinition, ModelStore } from './port.ts';

export interface RebuildOptions {
  readonly definitions: readonly ModelDefinition[];
  readonly store: ModelStore;
  readonly sources: RebuildSources;
  readonly keys: Pick<Keys, 'find'>;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
}
/** Stops the live generation's consumer, calls `swap`, and starts a consumer on the new one. */
export type TakeOver = (definition: ModelDefinition, swap: () => Promise<void>) => Promise<void>;
export interface Rebuilt {
  /** How many events the models took. */
  readonly events: number;
}

/** The new generations have caught up when a reading of the log brought no more than this. */
const CAUGHT_UP = 1_000;
const PASSES = 10;

/**
 * One reading of the log: notes the topics' ends, then the heads of the log, reads what is new up to those heads, and sets the
 * progress to (the ends, the heads): what the bus brings again is passed over by its position.
 */
const pass = async (makings: readonly Making[], options: RebuildOptions): Promise<number> => {
  const ends = new Map<string, TopicEnds>();
  for (const context of new Set(makings.flatMap((making) => [...contextsOf(making)]))) {
    ends.set(context, await options.sources.ends(context));
  }
  const heads = await headsOf(makings, options.sources);
  const { events, failed } = await readInto(makings, options.sources, heads, options);
  for (const error of failed.values()) throw error;
  for (const making of makings) {
    const contexts = [...contextsOf(making)];
    await making.flush(contexts.flatMap((context) => ends.get(context)!.map((end) => ({ ...end, position: heads.get(context)! }))));
  }
  return events;
};

/**
 * Makes new generations of models from the log, which is read once for all of them, while the live ones go on being read and
 * fed; then swaps them in. When they have caught up, `takeOver` is called for one after another: it stops the live generation's
 * consumer, calls `swap` (a last short reading and the exchange), and starts a consumer on the new live generation, which goes
 * on from the new generation's progress. What an earlier rebuild left unfinished is gone on with. When it fails, what was not
 * swapped in yet is discarded; when the signal calls it off, it is left for the next one.
 */
export const rebuildAll = async (options: RebuildOptions & { readonly takeOver?: TakeOver }): Promise<Rebuilt> => {
  const { definitions, store } = options;
  const takeOver: TakeOver = options.takeOver ?? ((_definition, swap) => swap());
  const makings: Making[] = [];
  let events = 0;
  let swapped = 0;
  try {
    for (const definition of definitions) {
      makings.push(await createMaking(definition, store, options.keys, 'rebuild'));
    }
    events += await pass(makings, options);
    for (const { generation } of makings) await generation.complete?.();
    for (let count = 1; count < PASSES; count++) {
      const more = await pass(makings, options);
      events += more;
      if (more <= CAUGHT_UP) break;
    }
    for (const making of makings) {
      const { definition, generation } = making;
      await takeOver(definition, async () => {
        events += await pass([making], options);
        await store.swap(definition, generation.generation);
      });
      swapped++;
    }
    return { events };
  } catch (error) {
    if (!options.signal?.aborted) {
      for (const { definition, generation } of makings.slice(swapped)) await store.discard(definition, generation.generation);
    }
    throw error;
  }
};

/** `rebuildAll` for one model. */
export const rebuild = ({
  definition,
  takeOver,
  ...rest
}: Omit<RebuildOptions, 'definitions'> & {
  readonly definition: ModelDefinition;
  readonly takeOver?: (swap: () => Promise<void>) => Promise<void>;
}): Promise<Rebuilt> =>
  rebuildAll({
    ...rest,
    definitions: [definition],
    ...(takeOver && { takeOver: (_definition: ModelDefinition, swap: () => Promise<void>) => takeOver(swap) }),
  });
