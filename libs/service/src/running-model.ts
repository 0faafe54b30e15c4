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

/** A read model at work: its declaration, the consumer that feeds it, how it is read, and what an operator does with it. */
export interface RunningModel {
  readonly definition: ModelDefinition;
  readonly consumer: Consumer;
  readonly reader: ModelReader;
  /** The sink over the live generation. */
  sink(): ProjectionSink;
  /** Runs `swap`, which makes a rebuilt generation the live one, between two batches, and goes on from the new one's progress. */
  takeOver(swap: () => Promise<void>): Promise<void>;
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
  onApplied(changes: readonly Change[]): void;
  /** The live generation was replaced: whoever keeps a copy in memory reads it again. */
  onSwapped(): Promise<void>;
}

export const startModel = async (definition: ModelDefinition, options: StartModelOptions): Promise<RunningModel> => {
  const { models, publisher } = options;
  const hooks = {
    onApplied(changes: readonly Change[]) {
      publisher?.applied(changes);
      options.onApplied(changes);
    },
  };
  const open = async (): Promise<ProjectionSink> =>
    observeSink(projectionSink(definition, await models.live(definition), options.keys, hooks, { known: options.known }), options.metrics);
  let live = await open();
  // What the consumer feeds stays the same while the generation behind it is exchanged.
  const sink: Sink = {
    name: consumerName(definition),
    group: consumerGroup(definition),
    subscribes: live.subscribes,
    progress: () => live.progress(),
    apply: (...batch) => (publisher ? publisher.apply(live, ...batch) : live.apply(...batch)),
  };
  const consumer = startConsumer({
    bus: publisher ? seatedBus(options.bus, definition.context, publisher) : options.bus,
    sink,
    ownContext: options.ownContext,
    known: options.known,
    signal: options.signal,
    parked: { keys: () => live.parkedKeys(), has: (position) => live.isParked(position) },
  });
  return {
    definition,
    consumer,
    reader: await models.reader(definition),
    sink: () => live,
    takeOver: (swap) =>
      consumer.standStill(async () => {
        await swap();
        live = await open();
        await options.onSwapped();
      }),
  };
};
