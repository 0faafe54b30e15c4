import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Rejection, wallClock, type Clock } from '@sanwang/kernel';
import { LOCAL_AUDIENCE, LOCAL_ISSUER, createVerifier, localIssuer, openLocalIssuer, type LocalIssuer } from '@sanwang/identity';
import { topicOf } from '@sanwang/messaging';
import type { ModelDefinition, ModelStore } from '@sanwang/read-model';
import { localEndpoint, type Endpoint, type Interceptor } from '@sanwang/rpc';
import {
  modelsOf,
  startService,
  type Deployment,
  type EmbeddedConfig,
  type FrontDoor,
  type House,
  type Readiness,
  type RunningService,
} from '@sanwang/service';
import { createLogger, createMetrics, observeBus, observeCalls, observeEventStore, type Logger } from '@sanwang/telemetry';
import { createSweep, startSweeping } from './attachment-sweep.ts';
import { openEmbedded, type EmbeddedPorts } from './embedded.ts';
import { connectGauges } from './gauges.ts';
import { createLongWork } from './long-work.ts';
import { operationsApi } from './operations.ts';
import { createRebuilding, type Rebuilding } from './rebuilding.ts';
import { findServices, SERVICES_FOLDER, type ServiceModule } from './services.ts';
import { settle } from './settle.ts';

export interface HostOptions {
  readonly config: EmbeddedConfig;
  /** Where the services are found; the deployment's own when absent. */
  readonly services?: string;
  readonly logger?: Logger;
  readonly wall?: Clock;
  /** Puts something before the ports (a bus at its worst, a limited log): for tests of faults. */
  readonly ports?: (ports: EmbeddedPorts) => EmbeddedPorts;
  /** False: no listening front door; calls come in process only. */
  readonly listen?: boolean;
}

/** The whole platform in this process. */
export interface Host {
  readonly ports: EmbeddedPorts;
  readonly services: readonly RunningService[];
  readonly endpoints: readonly Endpoint[];
  readonly issuer: LocalIssuer;
  readonly rebuilding: Rebuilding;
  readonly door: FrontDoor | undefined;
  readiness(): Readiness;
  settle(deadline: number): Promise<void>;
  /** The log held no event at the start: somebody is new here. */
  readonly wasEmpty: boolean;
  /** Answers what was accepted, stops, closes. Doing it again waits for the first. */
  drain(): Promise<void>;
}

/** Erasures whose event was appended and whose key a crash left standing: finished before anything is read. */
const finishErasures = async ({ store, keys }: EmbeddedPorts): Promise<void> => {
  const destroyed = new Set(await keys.destroyed());
  for await (const page of store.readAll({ prefix: 'directory.', after: -1 })) {
    for (const { type, data } of page.events) {
      if (type !== 'SubjectErased') continue;
      const { subject } = JSON.parse(data) as { subject: string };
      if (!destroyed.has(subject)) await keys.destroy(subject);
    }
  }
};

/** The front door opens at the latest after this: what is not ready then shows in its answers and in `/readyz`. */
const OPEN_AFTER_MS = 5_000;

/** Models that the log's events never reached, or that are of another version, are built from the log in one reading of it. */
const buildMissing = async (found: readonly ServiceModule[], store: ModelStore, rebuilding: Rebuilding, logger: Logger): Promise<void> => {
  const missing: ModelDefinition[] = [];
  for (const model of found.flatMap(({ definition }) => modelsOf(definition))) {
    if ((await store.state(model)) !== 'live') missing.push(model);
  }
  if (missing.length === 0) return;
  logger.info({ count: missing.length }, 'read models are missing or of another version: they are built from the log');
  await rebuilding.rebuildAll(missing);
};

/** Starts every service in this process over a data folder: the embedded way of running. */
export const startHost = async (options: HostOptions): Promise<Host> => {
  const { config } = options;
  const servicesFolder = options.services ?? SERVICES_FOLDER;
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const metrics = createMetrics();
  const found = await findServices(servicesFolder);
  const opened = await openEmbedded(resolve(config.data), config.durability);
  const ports = options.ports?.(opened) ?? opened;
  const running: RunningService[] = [];
  try {
    const wasEmpty = (await ports.store.head('')) < 0;
    if (!wasEmpty) await finishErasures(ports);
    const issuer = config.localIssuer ? await localIssuer(config.localIssuer) : await openLocalIssuer(ports.layout.folder);
    const verifier = createVerifier({
      ...(config.issuer !== undefined && config.jwksUrl !== undefined
        ? { issuer: config.issuer, audience: config.audience, keys: { url: config.jwksUrl } }
        : { issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, keys: { jwks: issuer.jwks } }),
      ...(config.bootstrapSubject !== undefined && { bootstrapSubject: config.bootstrapSubject }),
    });
    const catalogues = found.flatMap(({ definition }) => (definition.catalogue ? [definition.catalogue] : []));
    for (const { context } of catalogues) await ports.bus.ensureTopic(topicOf(context));
    const rebuilding = createRebuilding({ folder: ports.layout.folder, services: servicesFolder, store: ports.models, bus: ports.bus });
    if (!wasEmpty) await buildMissing(found, ports.models, rebuilding, logger);
    const deployment: Deployment = {
      logIsEmpty: async () => (await ports.store.head('')) < 0,
      settle: (deadline) => settle(running, ports.store, deadline),
      destroyKey: (subject) => ports.keys.destroy(subject),
    };
    const starts = await Promise.allSettled(
      found.map(({ definition }) =>
        startService(definition, {
          store: observeEventStore(ports.store, metrics),
          keys: ports.keys,
          bus: observeBus(ports.bus, metrics),
          models: ports.models,
          attachments: ports.attachments,
          deployment,
          wall: options.wall ?? wallClock,
          catalogues,
          logger,
          metrics,
        }),
      ),
    );
    running.push(...starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;

    await Promise.race([Promise.all(running.map((service) => service.caughtUp)), pause(OPEN_AFTER_MS, undefined, { ref: false })]);
    const front = running.find(({ definition }) => definition.serve) ?? running[0]!;
    const { access, directory } = front.context;
    const longWork = createLongWork((kind, error) => logger.error({ kind, err: error }, 'long work failed'));
    const interceptors: readonly Interceptor[] = [observeCalls(metrics)];
    const operations = operationsApi({ ports, running, rebuilding, longWork, access, directory, logger });
    const apis = [...running.flatMap((service) => service.apis), operations];
    const endpoints = apis.map((api) => localEndpoint(api, interceptors));
    const readiness = (): Readiness => {
      const parts = running.flatMap((service) => service.readiness());
      return { ready: parts.every(({ ready }) => ready), parts };
    };
    const house: House = {
      apis,
      endpoints,
      descriptors: found.flatMap(({ definition }) => definition.descriptors?.() ?? []),
      verify: (token) => verifier.verify(token),
      simulatedNow: () => {
        const now = directory.deployment();
        return now?.mode === 'simulation' ? directory.clock.now() : undefined;
      },
      readiness,
      metrics,
      attachments: ports.attachments,
      access,
      config,
      logger,
    };
    const door = options.listen === false ? undefined : await front.definition.serve?.(house);
    if (door) writeFileSync(ports.layout.address, `${JSON.stringify({ pid: process.pid, http: door.http, grpc: door.grpc })}\n`);

    connectGauges(metrics, { ports, running, rebuilding });
    const wall = options.wall ?? wallClock;
    const sweeping = startSweeping(createSweep({ attachments: ports.attachments, store: ports.store, services: running, wall }), {
      removed: (count) => logger.info({ count }, 'attachments that no event has named were removed'),
      failed: (err) => logger.error({ err }, 'the sweep of attachments failed'),
    });

    const stop = async (): Promise<void> => {
      await door?.drain();
      rmSync(ports.layout.address, { force: true });
      await sweeping.stop();
      metrics.close();
      await longWork.stop();
      await Promise.all(running.map((service) => service.stop()));
      await rebuilding.close();
      await ports.close();
    };
    let stopping: Promise<void> | undefined;
    return {
      ports,
      services: running,
      endpoints,
      issuer,
      rebuilding,
      door,
      readiness,
      settle: deployment.settle,
      wasEmpty,
      drain: () => (stopping ??= stop()),
    };
  } catch (error) {
    await Promise.all(running.map((service) => service.stop()));
    await ports.close();
    if (error instanceof Rejection) logger.error({ reason: error.reason }, error.message);
    throw error;
  }
};
