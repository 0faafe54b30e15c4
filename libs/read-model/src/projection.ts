import type { Keys, PublishedEvent } from '@sanwang/event-store';
import type { KnownTypes, ParkedKey, Sink } from '@sanwang/messaging';
import { qualifiedType } from './event.ts';
import { drop, listParked, parkedEvent, parkedMessage, replay, type DropGrounds, type Dropped, type Replayed } from './parked.ts';
import { createProjector, QueuedBehind, SUBJECT_ERASED, subscriptions, type Change, type ProjectorOptions } from './projector.ts';
import type { DroppedEvent, ModelDefinition, ModelGeneration, ParkedEvent } from './port.ts';

/** What statuses and operators call a model and its consumer. */
export const consumerName = (definition: Pick<ModelDefinition, 'context' | 'name'>): string => `${definition.context}.${definition.name}`;
/** The group on the bus of one version of a model. */
export const consumerGroup = (definition: Pick<ModelDefinition, 'context' | 'name' | 'version'>): string =>
  `${consumerName(definition)}.v${definition.version}`;

export interface ProjectionHooks {
  /** After a batch was written, with the documents that it changed. */
  onApplied?(changes: readonly Change[]): void;
}

/** The sink of one model, with what an operator does about the streams that are parked in it. */
export interface ProjectionSink extends Sink {
  parked(): Promise<readonly ParkedKey[]>;
  /** How many streams are parked, as of the last batch; 0 before the progress was first read. */
  parkedKeys(): number;
  /** True when the event at this position is parked or waits behind one that is. */
  isParked(position: number): boolean;
  /** Reads anew what is parked: another instance may have parked or replayed something. */
  refreshParked(): Promise<void>;
  /** The events of a parked stream, the failed one first, personal fields sealed. */
  showParked(key: string): Promise<readonly ParkedEvent[]>;
  /** Applies a parked stream's events again in order, up to the first that fails. */
  replayParked(key: string): Promise<Replayed>;
  /** Gives up the first event of a parked stream, which stays on record, and goes on with those behind it. */
  dropParked(key: string, grounds: DropGrounds): Promise<Dropped>;
  /** What was given up, by position. */
  dropped(): Promise<readonly DroppedEvent[]>;
}

/**
 * Feeds a generation of a model. One batch at a time: documents are loaded together, all events folded in memory, and each
 * document written once. An event that its handler cannot take in is parked under its stream's name, later events of that
 * stream queue behind it, and all other streams go on.
 */
export const projectionSink = (
  definition: ModelDefinition,
  generation: ModelGeneration,
  keys: Pick<Keys, 'find'>,
  hooks: ProjectionHooks = {},
  options: Pick<ProjectorOptions, 'validate' | 'shared'> & { readonly known?: KnownTypes } = {},
): ProjectionSink => {
  const projector = createProjector(definition, generation, keys, options);
  const subscribes = subscriptions(definition);

  let tail: Promise<unknown> = Promise.resolve();
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const run = tail.then(work, work);
    tail = run.catch(() => undefined);
    return run;
  };

  let queues = new Map<string, Set<number>>();
  let loading: Promise<Map<string, Set<number>>> | undefined;
  /** Another instance may have parked something: what waits is read again before the next batch. */
  let outdated = false;
  const loadQueues = async (): Promise<Map<string, Set<number>>> => {
    const loaded = new Map<string, Set<number>>();
    try {
      for (const { key, event } of await generation.parked()) loaded.set(key, (loaded.get(key) ?? new Set()).add(event.position));
    } catch (error) {
      loading = undefined;
      throw error;
    }
    return (queues = loaded);
  };
  const parkedPositions = (): Promise<Map<string, Set<number>>> => (loading ??= loadQueues());

  /** Folds and writes one batch; answers what it parked. */
  const apply: Sink['apply'] = async (events, progress, refused = []) => {
    if (outdated) loading = undefined;
    outdated = false;
    const waiting = await parkedPositions();
    const direct: PublishedEvent[] = [];
    const park: ParkedEvent[] = refused.map(parkedMessage);
    for (const event of events) {
      const queue = waiting.get(event.stream);
      // What lies before the queue was taken in long ago: it is delivered again, and refused by its revision.
      const queues = queue && event.position >= Math.min(...queue) && qualifiedType(event) !== SUBJECT_ERASED;
      if (!queues) direct.push(event);
      else if (!queue.has(event.position) && qualifiedType(event) in definition.on) {
        park.push(parkedEvent(event, new QueuedBehind(`waits behind position ${Math.min(...queue)}`)));
      }
    }
    for (const { event, error } of await projector.take(direct)) park.push(parkedEvent(event, error));
    const changes = await projector.flush({ progress, park });
    for (const { key, event } of park) waiting.set(key, (waiting.get(key) ?? new Set()).add(event.position));
    if (changes.length > 0) hooks.onApplied?.(changes);
  };

  const changingQueues = <T>(work: () => Promise<T>): Promise<T> =>
    oneAtATime(() =>
      work().finally(async () => {
        loading = undefined;
        await parkedPositions().catch(() => undefined);
      }),
    );
  const context = { generation, projector, known: options.known, onApplied: (changes: readonly Change[]) => hooks.onApplied?.(changes) };

  return {
    name: consumerName(definition),
    group: consumerGroup(definition),
    subscribes,
    async progress() {
      await parkedPositions();
      return generation.progress();
    },
    forget: () => void (outdated = true),
    refreshParked: () =>
      oneAtATime(async () => {
        loading = undefined;
        await parkedPositions();
      }),
    parkedKeys: () => queues.size,
    isParked: (position) => [...queues.values()].some((positions) => positions.has(position)),
    apply: (...batch) => oneAtATime(() => apply(...batch)),
    parked: () => listParked(consumerName(definition), generation),
    showParked: async (key) => (await generation.parked()).filter((parked) => parked.key === key),
    replayParked: (key) => changingQueues(() => replay(context, key)),
    dropParked: (key, grounds) => changingQueues(() => drop(context, key, grounds)),
    dropped: () => generation.dropped(),
  };
};
