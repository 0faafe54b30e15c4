import { wallClock, type Catalogue, type Clock, type Rejection } from '@sanwang/kernel';
import { linkedController, pause, topicOf, whileHeld } from '@sanwang/messaging';
import type { ModelDefinition, NamedAttachments } from '@sanwang/read-model';
import type { Api } from '@sanwang/rpc';
import { modelsOf, startService, type Deployment, type Readiness, type RunningService, type ServiceDefinition } from '@sanwang/service';
import { observeBus, observeEventStore, type Logger, type Metrics } from '@sanwang/telemetry';
import type { EventLog } from '@sanwang/sqlite';
import { createSweep, sweepUntil } from './attachment-sweep.ts';
import { buildMissing, rebuildExpired } from './building.ts';
import { signUntil } from './checkpoints.ts';
import { connectGauges } from './gauges.ts';
import { createLongWork, type LongWork } from './long-work.ts';
import { operationsApi, type OperationsParts } from './operations.ts';
import type { Ports } from './ports.ts';
import { createRebuilding, type Opener, type Rebuilding } from './rebuilding.ts';

export interface CompositionParts {
  readonly ports: Ports;
  /** Every service of the deployment; those in `here` run in this process. */
  readonly all: readonly ServiceDefinition[];
  readonly here: readonly ServiceDefinition[];
  readonly opener: Opener;
  readonly deployment: Deployment;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly wall?: Clock;
  /** Names this process where others may run the same services beside it; absent: it is the only one. */
  readonly instance?: string;
  /** Models that are this process's own, made anew at each start. */
  isOwn?(definition: ModelDefinition): boolean;
  obstacle?(): Rejection | undefined;
  /** What a log on this machine tells of itself. */
  readonly log?: Pick<EventLog, 'stats'>;
  readonly signal?: AbortSignal;
}

/** Services at work in this process over a deployment's ports, and what an operator does with them. */
export interface Composition {
  readonly running: readonly RunningService[];
  readonly catalogues: readonly Catalogue[];
  readonly rebuilding: Rebuilding;
  readonly longWork: LongWork;
  readiness(): Readiness['parts'];
  operations(how: Pick<OperationsParts, 'verify' | 'backup'>): Api;
  /** Stops sweeping, long work, timers, consumers and relays after what they have in hand. */
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;

/** The access and the directory copy with which a process answers for itself. */
const spokesman = (running: readonly RunningService[]): RunningService => running.find(({ definition }) => definition.serve) ?? running[0]!;

/** Starts services in this process: one, or all of a deployment. */
export const compose = async (parts: CompositionParts): Promise<Composition> => {
  const { ports, all, here, logger, metrics, deployment, wall = wallClock } = parts;
  const stopping = linkedController(...(parts.signal ? [parts.signal] : []));
  const { signal } = stopping;
  const catalogues = all.flatMap(({ catalogue }) => catalogue ?? []);
  const isOwn = (definition: ModelDefinition): boolean => parts.isOwn?.(definition) ?? false;
  const rebuilding = createRebuilding({
    ...ports,
    store: ports.models,
    opener: parts.opener,
    leaseOf: (definition) => (isOwn(definition) ? undefined : `rebuild:${definition.context}.${definition.name}`),
  });
  const running: RunningService[] = [];
  const stopRunning = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(running.map((service) => service.stop()));
    await rebuilding.close();
  };

  try {
    for (const { catalogue } of here) if (catalogue) await ports.bus.ensureTopic(topicOf(catalogue.context));
    if ((await ports.store.head('')) >= 0) {
      const definitions = here.flatMap(modelsOf).filter((definition) => !isOwn(definition));
      await buildMissing(definitions, { models: ports.models, rebuilding, logger, signal });
    }
    const starts = await Promise.allSettled(
      here.map((definition) =>
        startService(definition, {
          ...ports,
          store: observeEventStore(ports.store, metrics),
          bus: observeBus(ports.bus, metrics),
          deployment,
          wall,
          catalogues,
          logger,
          metrics,
          ...(parts.instance !== undefined && { instance: parts.instance }),
          ...(parts.obstacle && { obstacle: parts.obstacle }),
        }),
      ),
    );
    running.push(...starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  } catch (error) {
    await stopRunning();
    throw error;
  }

  const models = running.flatMap((service) => service.models);
  const expiry = (async () => {
    while (!signal.aborted) {
      await pause(LOOK_EVERY_MS, signal);
      await rebuildExpired(models, { rebuilding, logger, signal }).catch((err: unknown) => {
        if (!signal.aborted) logger.error({ err }, 'a model could not be rebuilt; it is tried again');
      });
    }
  })();
  const named = all.flatMap(({ attachments }): ModelDefinition<NamedAttachments>[] => (attachments ? [attachments] : []));
  const sweeping = here.some(({ attachments }) => attachments)
    ? whileHeld(ports.leases, 'attachment-sweep', signal, (until) =>
        sweepUntil(until, createSweep({ ...ports, named, wall }), {
          removed: (count) => logger.info({ count }, 'attachments that no event has named were removed'),
          failed: (err) => logger.error({ err }, 'the sweep of attachments failed'),
        }),
      )
    : undefined;
  const { checkpoints } = ports;
  const signing = here.map(async ({ catalogue }) => {
    if (!catalogue || !checkpoints) return;
    const { context } = catalogue;
    await whileHeld(ports.leases, `log-checkpoints:${context}`, signal, (until) =>
      signUntil(until, context, { ...ports, checkpoints, wall, logger }),
    );
  });
  const longWork = createLongWork((kind, error) => logger.error({ kind, err: error }, 'long work failed'));
  connectGauges(metrics, { ports, running, rebuilding, ...(parts.log && { log: parts.log }) });
  const { access, directory } = spokesman(running).context;

  return {
    running,
    catalogues,
    rebuilding,
    longWork,
    readiness: () => running.flatMap((service) => service.readiness()),
    operations: (how) => operationsApi({ ports, running, rebuilding, longWork, access, directory, logger, ...how }),
    async stop() {
      stopping.abort();
      await longWork.stop();
      await Promise.all([expiry, sweeping, ...signing]);
      await stopRunning();
    },
  };
};
