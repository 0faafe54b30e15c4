import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { InstanceServiceDefinition } from '@sanwang/contracts/operations';
import { createServiceTokens, createVerifier, LOCAL_AUDIENCE, LOCAL_ISSUER, localIssuer, type Verifier } from '@sanwang/identity';
import { aborted, linkedController } from '@sanwang/messaging';
import { SUBJECT_ERASED } from '@sanwang/read-model';
import type { ClusterConfig, Readiness, ServiceDefinition } from '@sanwang/service';
import { createLogger, createMetrics, startTracing } from '@sanwang/telemetry';
import { clusterOpener } from './cluster-opener.ts';
import { isOwnCopy, openCluster, type ClusterPorts } from './cluster.ts';
import { watchClock } from './clock-watch.ts';
import { compose, type Composition } from './composition.ts';
import { finishErasures } from './erasures.ts';
import { openGateway, openService, type Door } from './doors.ts';
import { motionOf, type Motion } from './motion.ts';
import { createPeers, type Peers } from './peers.ts';
import { startProbes } from './probes.ts';
import { findServices, SERVICES_FOLDER } from './services.ts';
import { settle } from './settle.ts';
import { stuckModel } from './stuck.ts';

const verifierOf = async ({
  issuer,
  jwksUrl,
  audience,
  localIssuer: key,
  serviceKeys,
  bootstrapSubject,
}: ClusterConfig): Promise<Verifier> => {
  const common = { serviceKeys, ...(bootstrapSubject !== undefined && { bootstrapSubject }) };
  if (issuer !== undefined && jwksUrl !== undefined) return createVerifier({ ...common, issuer, audience, keys: { url: jwksUrl } });
  if (!key) throw new Error('the configuration names no issuer of tokens');
  return createVerifier({ ...common, issuer: LOCAL_ISSUER, audience: LOCAL_AUDIENCE, keys: { jwks: (await localIssuer(key)).jwks } });
};

/** What moves in every process of every service: each instance is asked, under the service's own token. */
const motionsOf = (contexts: readonly string[], peers: Peers, token: () => Promise<string>) => async (): Promise<readonly Motion[]> => {
  const asked = contexts.map(async (context) => {
    const instances = await peers.instances(context);
    return Promise.all(instances.map((instance) => instance.client(InstanceServiceDefinition).getMotion({}, { token, timeoutMs: 5_000 })));
  });
  return (await Promise.all(asked)).flat();
};

/** The door opens at the latest after this: what is not ready then shows in its answers and in `/readyz`. */
const OPEN_AFTER_MS = 5_000;

/**
 * Runs one service of a cluster until the signal aborts: waits for the servers, starts relay, models and timers, opens its gRPC door
 * (or the front door), and answers probes from the first moment on. Then it takes nothing more, finishes what it has accepted, and
 * leaves its seat and leases to others.
 */
export const runService = async (definition: ServiceDefinition, config: ClusterConfig, signal: AbortSignal): Promise<void> => {
  const { context } = definition;
  const logger = createLogger({ level: config.logLevel }).child({ service: context });
  const tracing = await startTracing({ OTEL_SERVICE_NAME: `sanwang-${context}`, ...process.env });
  const metrics = createMetrics();
  const serviceToken = createServiceTokens({ context, key: config.serviceKey, audience: config.audience });
  const verifier = await verifierOf(config);

  let servers: { readiness(): Readiness['parts'] } | undefined;
  let composition: Composition | undefined;
  let clock: Awaited<ReturnType<typeof watchClock>> | undefined;
  let draining = false;
  const readiness = (): Readiness => {
    const parts = [
      ...(servers?.readiness() ?? []),
      ...(clock ? [clock.readiness()] : []),
      ...(composition?.readiness() ?? [{ name: context, ready: false, message: 'starting' }]),
      ...(draining ? [{ name: context, ready: false, message: 'stopping' }] : []),
    ];
    return { ready: parts.every(({ ready }) => ready), parts };
  };
  const stuck = (): string | undefined => composition && stuckModel(composition.running);
  const probes = await startProbes({ host: config.host, port: config.httpPort, metrics, readiness, stuck });
  logger.info({ url: probes.http }, 'starting');

  // Watches end after what they watch.
  const watching = new AbortController();
  let ports: ClusterPorts | undefined;
  let peers: Peers | undefined;
  let door: Door | undefined;
  let probing: { close(): Promise<void> } | undefined = probes;
  try {
    const starting = linkedController(signal, watching.signal);
    const open = (ports = await openCluster(config, {
      context,
      logger,
      signal: starting.signal,
      onServers: (watch) => void (servers = watch),
    }));
    const found = await findServices();
    const all = found.map((module) => module.definition);
    const contexts = all.map((each) => each.context);
    const calls = (peers = createPeers(config.services, { ca: config.tlsCa }));
    clock = await watchClock(() => open.clock(), watching.signal);
    if (SUBJECT_ERASED.startsWith(`${context}.`)) await finishErasures(open);
    const composed = (composition = await compose({
      ports: open,
      all,
      here: [definition],
      opener: clusterOpener({ config, scratch: open.scratch, services: SERVICES_FOLDER }),
      instance: randomBytes(4).toString('hex'),
      isOwn: isOwnCopy,
      obstacle: () => clock?.obstacle(),
      deployment: {
        logIsEmpty: async () => (await open.store.head('')) < 0,
        destroyKey: (subject) => open.keys.destroy(subject),
        settle: (deadline) =>
          settle(
            {
              ...open,
              contexts: all.flatMap(({ catalogue }) => catalogue?.context ?? []),
              motions: motionsOf(contexts, calls, serviceToken),
            },
            deadline,
          ),
      },
      logger,
      metrics,
      signal: starting.signal,
    }));
    await Promise.race([Promise.all(composed.running.map((service) => service.caughtUp)), pause(OPEN_AFTER_MS, undefined, { ref: false })]);
    const parts = {
      definition,
      all,
      config,
      ports: open,
      composition: composed,
      peers: calls,
      serviceToken,
      readiness,
      stuck,
      metrics,
      logger,
      verify: (token: string | undefined) => verifier.verify(token),
      motion: () => motionOf(composed.running, open.bus),
    };
    if (definition.serve) {
      // The front door answers the probes on the same port.
      await probes.close();
      probing = undefined;
      door = await openGateway(parts, definition.serve);
    } else {
      door = await openService(parts);
    }
    logger.info({ grpc: door.grpc, ready: readiness().ready }, 'open');
    await aborted(signal);
  } catch (error) {
    if (!signal.aborted) {
      logger.fatal({ err: error }, 'the service could not be started');
      throw error;
    }
  } finally {
    draining = true;
    logger.info('stopping: what was accepted is finished');
    await door?.drain();
    await composition?.stop();
    peers?.close();
    watching.abort();
    await ports?.close();
    await probing?.close();
    metrics.close();
    await tracing?.shutdown();
    logger.info('stopped');
  }
};
