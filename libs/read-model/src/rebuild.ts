import { LOG_START, type Keys, type PublishedEvent, type PublishedPage } from '@sanwang/event-store';
import type { PartitionProgress } from '@sanwang/messaging';
import { modelHash, type ModelHash } from './hash.ts';
import { qualifiedType } from './event.ts';
import type { Failure } from './opening.ts';
import { parkedEvent } from './parked.ts';
import { createProjector, QueuedBehind, subscriptions } from './projector.ts';
import type { ModelDefinition, ModelGeneration, ModelStore } from './port.ts';

/** Where a context's topic ends, per partition. */
export type TopicEnds = readonly Pick<PartitionProgress, 'topic' | 'generation' | 'partition' | 'nextOffset'>[];

/** What a rebuild reads from. `read` is `published()` bound to a log and a catalogue: upcast, personal fields sealed. */
export interface RebuildSources {
  ends(context: string): Promise<TopicEnds>;
  /** Position of the last event of the context in the log. */
  head(context: string): Promise<number>;
  read(
    context: string,
    options: { readonly after: number; readonly publicOnly: boolean; readonly types: ReadonlySet<string> },
  ): AsyncIterable<PublishedPage>;
}

/** `done` of `total` positions of the log's part that is being read; `events` counts those that the model takes. */
export interface RebuildProgress {
  readonly model: string;
  readonly events: number;
  readonly done: number;
  readonly total: number;
}
export interface RebuildOptions {
  readonly definition: ModelDefinition;
  readonly store: ModelStore;
  readonly sources: RebuildSources;
  readonly keys: Pick<Keys, 'find'>;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
}
export interface Rebuilt {
  readonly generation: string;
  readonly events: number;
}

/** A model's documents are written when so many have changed; so many are kept in memory. */
const FLUSH = 20_000;
const CACHE = 60_000;
/** The new generation has caught up when a pass over the log brought no more than this. */
const CAUGHT_UP = 1_000;
const PASSES = 10;

/** The contexts whose logs a model is made from. */
export const contextsOf = (definition: ModelDefinition): readonly string[] => [
  ...new Set([...subscriptions(definition)].map((type) => type.slice(0, type.indexOf('.')))),
];

/** The types of one context among qualified ones, by their own names. */
const typesOf = (takes: ReadonlySet<string>, context: string): ReadonlySet<string> =>
  new Set([...takes].filter((type) => type.startsWith(`${context}.`)).map((type) => type.slice(context.length + 1)));

/**
 * Reads the log into a generation, in passes. A pass notes the topics' ends, then the heads of the log, reads what is new up
 * to those heads, and sets the progress to (the ends, the heads): what the bus brings again is passed over by its position.
 */
const logReader = (generation: ModelGeneration, options: Omit<RebuildOptions, 'store'>) => {
  const { definition, sources, keys } = options;
  const projector = createProjector(definition, generation, keys, { cache: CACHE, fresh: true });
  const takes = subscriptions(definition);
  const positions = new Map<string, number>();
  const waiting = new Set<string>();
  let events = 0;

  const flush = async (progress: readonly PartitionProgress[], failures: readonly Failure[]): Promise<void> => {
    const park = failures.map(({ event, error }) => parkedEvent(event, error));
    await projector.flush({ progress, park });
  };

  return async (upTo?: ReadonlyMap<string, number>): Promise<number> => {
    const before = events;
    const contexts = contextsOf(definition);
    const ends = new Map<string, TopicEnds>();
    for (const context of contexts) ends.set(context, await sources.ends(context));
    const heads = new Map<string, number>();
    for (const context of contexts) heads.set(context, Math.min(await sources.head(context), upTo?.get(context) ?? Infinity));
    const from = (context: string): number => positions.get(context) ?? LOG_START;
    const total = contexts.reduce((sum, context) => sum + Math.max(0, heads.get(context)! - from(context)), 0);
    let done = 0;
    let failures: Failure[] = [];

    for (const context of contexts) {
      const head = heads.get(context)!;
      let position = from(context);
      if (head <= position) continue;
      for await (const page of sources.read(context, {
        after: position,
        publicOnly: context !== definition.context,
        types: typesOf(takes, context),
      })) {
        options.signal?.throwIfAborted();
        const taken: PublishedEvent[] = [];
        for (const event of page.events) {
          if (event.position > head || !takes.has(qualifiedType(event))) continue;
          if (waiting.has(event.stream)) failures.push({ event, error: new QueuedBehind('waits behind an earlier event of its stream') });
          else taken.push(event);
        }
        const failed = await projector.take(taken);
        for (const failure of failed) waiting.add(failure.event.stream);
        failures.push(...failed);
        events += taken.length;
        const reached = Math.min(page.position, head);
        done += Math.max(0, reached - position);
        position = Math.max(position, reached);
        if (projector.pending() >= FLUSH || failures.length >= FLUSH) {
          await flush([], failures);
          failures = [];
        }
        options.onProgress?.({ model: `${definition.context}.${definition.name}`, events, done, total });
        if (page.position >= head) break;
      }
      positions.set(context, head);
    }
    const progress = contexts.flatMap((context) => ends.get(context)!.map((end) => ({ ...end, position: heads.get(context)! })));
    await flush(progress, failures);
    return events - before;
  };
};

/**
 * Makes a new generation of a model from the log, while the live one goes on being read and fed; then swaps it in. When it has
 * caught up, `takeOver` is called: it stops the live generation's consumer, calls `swap` (a last short pass and the exchange),
 * and starts a consumer on the new live generation, which goes on from the new generation's progress.
 */
export const rebuild = async (
  options: RebuildOptions & { readonly takeOver?: (swap: () => Promise<void>) => Promise<void> },
): Promise<Rebuilt> => {
  const { definition, store } = options;
  const generation = await store.create(definition);
  let events = 0;
  try {
    const pass = logReader(generation, options);
    events += await pass();
    await generation.complete?.();
    for (let count = 1; count < PASSES; count++) {
      const more = await pass();
      events += more;
      if (more <= CAUGHT_UP) break;
    }
    const swap = async (): Promise<void> => {
      events += await pass();
      await store.swap(definition, generation.generation);
    };
    await (options.takeOver ?? ((go) => go()))(swap);
    return { generation: generation.generation, events };
  } catch (error) {
    await store.discard(definition, generation.generation);
    throw error;
  }
};

/** Makes a model aside from the log, up to a position per context (absent: the head), hashes it and throws it away. */
export const rebuildAside = async (options: RebuildOptions & { readonly upTo?: ReadonlyMap<string, number> }): Promise<ModelHash> => {
  const { definition, store } = options;
  const generation = await store.create(definition);
  try {
    await logReader(generation, options)(options.upTo);
    return await modelHash(definition, generation.all());
  } finally {
    await store.discard(definition, generation.generation);
  }
};
