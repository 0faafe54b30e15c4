import type { Keys } from '@sanwang/event-store';
import { startConsumer, type Bus, type Consumer, type KnownTypes, type Sink } from '@sanwang/messaging';
import {
  consumerGroup,
  consumerName,
  projectionSink,
  type Change,
  type ModelDefinition,
  type ModelReader,
  type ModelStore,
  type ProjectionSink,
} from '@sanwang/read-model';
import { observeSink, type Metrics } from '@sanwang/telemetry';
import { seatedBus, type DistrictPublisher } from './district/index.ts';
import { every } from './every.ts';

/** A read model at work: its declaration, the consumer that feeds it, how it is read, and what an operator does with it. */
export interface RunningModel {
  readonly definition: ModelDefinition;
  readonly consumer: Consumer;
  readonly reader: ModelReader;
  /** The sink over the live generation. */
  sink(): ProjectionSink;
  /** Runs `swap`, which makes a rebuilt generation the live one, between two batches, and goes on from the new one's progress. */
  takeOver(swap: () => Promise<void>): Promise<void>;
  /** Since when it has been at its present batch (the process's monotonic clock, ms); `undefined` between two. */
  busySince(): number | undefined;
}

export interface StartModelOptions {
  readonly models: ModelStore;
  readonly keys: Keys;
  readonly bus: Bus;
  readonly ownContext: string;
  readonly known: KnownTypes;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  /** Publishes what the model takes in before it does; the model is then fed by one process at a time. */
  readonly publisher?: DistrictPublisher;
  /** The consumer's group, where it is not the one that all instances of this version of the model share. */
  readonly group?: string;
  /** How often to look whether another instance has exchanged the live generation, ms; absent: there is no other. */
  readonly lookEveryMs?: number;
  onApplied(changes: readonly Change[]): void;
  /** The live generation was replaced: whoever keeps a copy in memory reads it again. */
  onSwapped(): Promise<void>;
}

export const startModel = async (definition: ModelDefinition, options: StartModelOptions): Promise<RunningModel> => {
  const { models, signal, publisher } = options;
  const hooks = {
    onApplied(changes: readonly Change[]) {
      publisher?.applied(changes);
      options.onApplied(changes);
    },
  };
  let generation = '';
  const open = async (): Promise<ProjectionSink> => {
    const opened = await models.live(definition);
    generation = opened.generation;
    return observeSink(
      projectionSink(definition, opened, options.keys, hooks, { known: options.known, shared: options.lookEveryMs !== undefined }),
      options.metrics,
    );
  };
  let live = await open();
  let since: number | undefined;
  // What the consumer feeds stays the same while the generation behind it is exchanged.
  const sink: Sink = {
    name: consumerName(definition),
    group: options.group ?? consumerGroup(definition),
    subscribes: live.subscribes,
    progress: () => live.progress(),
    forget: () => live.forget?.(),
    async apply(...batch) {
      since = performance.now();
      try {
        await (publisher ? publisher.apply(live, ...batch) : live.apply(...batch));
      } finally {
        since = undefined;
      }
    },
  };
  const consumer = startConsumer({
    bus: publisher ? seatedBus(options.bus, definition.context, publisher) : options.bus,
    sink,
    ownContext: options.ownContext,
    known: options.known,
    signal,
    parked: { keys: () => live.parkedKeys(), has: (position) => live.isParked(position), refresh: () => live.refreshParked() },
  });
  const takeOver: RunningModel['takeOver'] = (swap) =>
    consumer.standStill(async () => {
      await swap();
      live = await open();
      await options.onSwapped();
    });
  if (options.lookEveryMs !== undefined) {
    void every(options.lookEveryMs, signal, async () => {
      const current = await models.current(definition);
      if (current !== undefined && current !== generation) await takeOver(async () => undefined);
      // What waits behind a parked event here may have been replayed by another.
      else if (live.parkedKeys() > 0) live.forget?.();
    });
  }
  return { definition, consumer, reader: await models.reader(definition), sink: () => live, takeOver, busySince: () => since };
};
