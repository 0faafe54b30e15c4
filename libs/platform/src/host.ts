import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Rejection, type Clock } from '@sanwang/kernel';
import { LOCAL_AUDIENCE, LOCAL_ISSUER, createVerifier, localIssuer, openLocalIssuer, type LocalIssuer } from '@sanwang/identity';
import { localEndpoint, type Endpoint, type Interceptor } from '@sanwang/rpc';
import type { Deployment, EmbeddedConfig, FrontDoor, House, Readiness, RunningService } from '@sanwang/service';
import { createLogger, createMetrics, observeCalls, type Logger } from '@sanwang/telemetry';
import { backup } from './backup.ts';
import { compose, type Composition } from './composition.ts';
import { openEmbedded, type EmbeddedPorts } from './embedded.ts';
import { finishErasures } from './erasures.ts';
import { motionOf } from './motion.ts';
import { embeddedOpener } from './openers.ts';
import type { Rebuilding } from './rebuilding.ts';
import { attachmentRoutesOf, findServices, SERVICES_FOLDER } from './services.ts';
import { settle } from './settle.ts';
import { stuckModel } from './stuck.ts';
import { verify } from './verify.ts';

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

/** The front door opens at the latest after this: what is not ready then shows in its answers and in `/readyz`. */
const OPEN_AFTER_MS = 5_000;

/** Starts every service in this process over a data folder: the embedded way of running. */
export const startHost = async (options: HostOptions): Promise<Host> => {
  const { config } = options;
  const servicesFolder = options.services ?? SERVICES_FOLDER;
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const metrics = createMetrics();
  const found = await findServices(servicesFolder);
  const opened = await openEmbedded(resolve(config.data), config.durability);
  const ports = options.ports?.(opened) ?? opened;
  let composition: Composition | undefined;
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
    const definitions = found.map(({ definition }) => definition);
    const contexts = definitions.flatMap(({ catalogue }) => catalogue?.context ?? []);
    const deployment: Deployment = {
      logIsEmpty: async () => (await ports.store.head('')) < 0,
      settle: (deadline) =>
        settle({ ...ports, contexts, motions: async () => [await motionOf(composition?.running ?? [], ports.bus)] }, deadline),
      destroyKey: (subject) => ports.keys.destroy(subject),
    };
    const composed = (composition = await compose({
      ports,
      all: definitions,
      here: definitions,
      opener: embeddedOpener({ folder: ports.layout.folder, services: servicesFolder }),
      deployment,
      logger,
      metrics,
      log: ports.store,
      ...(options.wall && { wall: options.wall }),
    }));
    const { running, rebuilding } = composed;
    await Promise.race([Promise.all(running.map((service) => service.caughtUp)), pause(OPEN_AFTER_MS, undefined, { ref: false })]);
    const front = running.find(({ definition }) => definition.serve) ?? running[0]!;
    const { access, directory } = front.context;
    const interceptors: readonly Interceptor[] = [observeCalls(metrics)];
    const operations = composed.operations({
      backup: (name, progress) => backup(ports.layout.folder, name, progress),
      verify: (progress, signal) => verify({ ports, services: running, rebuilding, signal }, progress),
    });
    const apis = [...running.flatMap((service) => service.apis), operations];
    const endpoints = apis.map((api) => localEndpoint(api, interceptors));
    const readiness = (): Readiness => {
      const parts = composed.readiness();
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
      stuck: () => stuckModel(running),
      metrics,
      attachments: ports.attachments,
      attachmentRoutes: attachmentRoutesOf(definitions),
      access,
      config,
      logger,
    };
    const door = options.listen === false ? undefined : await front.definition.serve?.(house);
    if (door) writeFileSync(ports.layout.address, `${JSON.stringify({ pid: process.pid, http: door.http, grpc: door.grpc })}\n`);

    const stop = async (): Promise<void> => {
      await door?.drain();
      rmSync(ports.layout.address, { force: true });
      metrics.close();
      await composed.stop();
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
    await composition?.stop();
    await ports.close();
    if (error instanceof Rejection) logger.error({ reason: error.reason }, error.message);
    throw error;
  }
};
