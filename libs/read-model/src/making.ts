import { LOG_START, type Keys, type PublishedEvent, type PublishedPage } from '@sanwang/event-store';
import type { PartitionProgress } from '@sanwang/messaging';
import type { Failure } from './opening.ts';
import { parkedEvent } from './parked.ts';
import type { ModelDefinition, ModelGeneration, ModelStore } from './port.ts';
import { createProjector, QueuedBehind, subscriptions, type Projector } from './projector.ts';

/** Where a context's topic ends, per partition. */
export type TopicEnds = readonly Pick<PartitionProgress, 'topic' | 'generation' | 'partition' | 'nextOffset'>[];

/** What models are made from. `read` is `published()` bound to a log and a catalogue: upcast, personal fields sealed. */
export interface LogSources {
  /** Position of the last event of the context in the log. */
  head(context: string): Promise<number>;
  /** `types`: the only ones that are wanted, by their names within the context. */
  read(
    context: string,
    options: { readonly after: number; readonly publicOnly: boolean; readonly types: ReadonlySet<string> },
  ): AsyncIterable<PublishedPage>;
}
/** What a rebuild needs beside: the topics' ends, from which the new generation's consumer goes on. */
export interface RebuildSources extends LogSources {
  ends(context: string): Promise<TopicEnds>;
}

/** `done` of `total` positions of the log's part that is being read; `events` counts those that the models take. */
export interface RebuildProgress {
  readonly events: number;
  readonly done: number;
  readonly total: number;
}

/** A generation that is being made from the log. */
export interface Making {
  readonly definition: ModelDefinition;
  readonly generation: ModelGeneration;
  readonly subscribes: ReadonlySet<string>;
  readonly projector: Projector;
  /** Takes in events of a context up to a position; what cannot be taken waits for `flush` to be parked. */
  take(context: string, events: readonly PublishedEvent[], reached: number): Promise<void>;
  /** Everything of the context up to here was taken. */
  position(context: string): number;
  /** What waits to be written. */
  pending(): number;
  flush(progress: readonly PartitionProgress[]): Promise<void>;
}

/**
 * Begins a new generation, or goes on with one that an earlier rebuild left unfinished. What is only made to be compared has no
 * search tokens, and nobody goes on with it.
 */
export const createMaking = async (
  definition: ModelDefinition,
  store: Pick<ModelStore, 'create' | 'unfinished'>,
  keys: Pick<Keys, 'find'>,
  purpose: 'rebuild' | 'comparison',
): Promise<Making> => {
  const left = purpose === 'rebuild' ? await store.unfinished(definition) : undefined;
  const generation = left ?? (await store.create(definition));
  const projector = createProjector(definition, generation, keys, {
    cache: Infinity,
    fresh: left === undefined,
    searchable: purpose === 'rebuild',
  });
  const positions = new Map(left && (await left.reached()).map(({ context, position }) => [context, position]));
  const waiting = new Set(left && (await left.parked()).map(({ event }) => event.stream));
  let failures: Failure[] = [];
  return {
    definition,
    generation,
    projector,
    subscribes: subscriptions(definition),
    async take(context, events, reached) {
      let direct = events;
      if (waiting.size > 0) {
        direct = events.filter(({ stream }) => !waiting.has(stream));
        for (const event of events) {
          if (waiting.has(event.stream)) failures.push({ event, error: new QueuedBehind('waits behind an earlier event of its stream') });
        }
      }
      if (direct.length > 0) {
        for (const failure of await projector.take(direct)) {
          waiting.add(failure.event.stream);
          failures.push(failure);
        }
      }
      positions.set(context, Math.max(reached, positions.get(context) ?? LOG_START));
    },
    position: (context) => positions.get(context) ?? LOG_START,
    pending: () => projector.pending() + failures.length,
    async flush(progress) {
      const park = failures.map(({ event, error }) => parkedEvent(event, error));
      const reached = [...positions].map(([context, position]) => ({ context, position }));
      await projector.flush({ progress, park, ...(purpose === 'rebuild' && { reached }) });
      failures = [];
    },
  };
};

/** The contexts whose logs a model is made from. */
export const contextsOf = ({ subscribes }: Pick<Making, 'subscribes'>): ReadonlySet<string> =>
  new Set([...subscribes].map((type) => type.slice(0, type.indexOf('.'))));

/** Documents are written when so many have changed, over all models; so many are kept in memory. */
const FLUSH = 20_000;
const CACHE = 60_000;
/** What a rebuild that breaks off has done twice, in ms of its work. */
const NOTED_EVERY = 10_000;

const pendingIn = (makings: readonly Making[]): number => makings.reduce((sum, making) => sum + making.pending(), 0);

/** The models with most to write first: each write is a commit of its own. */
const keepWithinMemory = async (makings: readonly Making[]): Promise<void> => {
  if (pendingIn(makings) < FLUSH) return;
  for (const making of makings.toSorted((one, other) => other.pending() - one.pending())) {
    await making.flush([]);
    if (pendingIn(makings) < FLUSH / 4) break;
  }
  const held = makings.reduce((sum, { projector }) => sum + projector.held(), 0);
  if (held > CACHE) for (const { projector } of makings) projector.trim(Math.floor((projector.held() * CACHE) / held));
};

interface ReadOptions {
  onProgress?(progress: RebuildProgress): void;
  readonly signal?: AbortSignal;
}
/** How far one reading of the log goes, per context. */
export type Heads = ReadonlyMap<string, number>;

/**
 * Reads what is new of every context up to its head into all the models that take it: the log is read once, however many they
 * are. Answers how many events were taken, and where a context could not be read to its head, why. Nothing is flushed at the end.
 */
export const readInto = async (
  makings: readonly Making[],
  sources: LogSources,
  heads: Heads,
  options: ReadOptions = {},
): Promise<{ readonly events: number; readonly failed: ReadonlyMap<string, unknown> }> => {
  const failed = new Map<string, unknown>();
  const stretches = [...heads].flatMap(([context, head]) => {
    const behind = makings.filter((making) => contextsOf(making).has(context) && making.position(context) < head);
    return behind.length === 0 ? [] : [{ context, head, behind, after: Math.min(...behind.map((making) => making.position(context))) }];
  });
  const total = stretches.reduce((sum, { head, after }) => sum + head - after, 0);
  let done = 0;
  let events = 0;
  let noted = Date.now();

  for (const { context, head, behind, after } of stretches) {
    const takers = behind.map((making) => ({ making, foreign: making.definition.context !== context, taken: [] as PublishedEvent[] }));
    const byType = new Map<string, typeof takers>();
    for (const taker of takers) {
      for (const type of taker.making.subscribes) {
        if (!type.startsWith(`${context}.`)) continue;
        const name = type.slice(context.length + 1);
        byType.set(name, [...(byType.get(name) ?? []), taker]);
      }
    }
    const publicOnly = takers.every(({ foreign }) => foreign);
    let position = after;
    const pages = sources.read(context, { after, publicOnly, types: new Set(byType.keys()) })[Symbol.asyncIterator]();
    try {
      while (position < head) {
        options.signal?.throwIfAborted();
        let page: PublishedPage;
        try {
          const next = await pages.next();
          if (next.done) break;
          page = next.value;
        } catch (error) {
          failed.set(context, error);
          break;
        }
        const reached = Math.min(page.position, head);
        for (const event of page.events) {
          if (event.position > head) continue;
          for (const { making, foreign, taken } of byType.get(event.type) ?? []) {
            if (event.position > making.position(context) && !(foreign && event.visibility === 'private')) taken.push(event);
          }
        }
        for (const { making, taken } of takers) {
          events += taken.length;
          await making.take(context, taken.splice(0), reached);
        }
        done += Math.max(0, reached - position);
        position = Math.max(position, reached);
        if (Date.now() - noted > NOTED_EVERY) {
          for (const making of makings) await making.flush([]);
          noted = Date.now();
        }
        await keepWithinMemory(makings);
        options.onProgress?.({ events, done, total });
      }
    } finally {
      await pages.return?.(undefined);
    }
  }
  return { events, failed };
};

/** The heads of the log for all contexts that the models are made from, no higher than `upTo`. */
export const headsOf = async (makings: readonly Making[], sources: LogSources, upTo?: Heads): Promise<Heads> => {
  const heads = new Map<string, number>();
  for (const context of new Set(makings.flatMap((making) => [...contextsOf(making)]))) {
    heads.set(context, Math.min(await sources.head(context), upTo?.get(context) ?? Infinity));
  }
  return heads;
};
