import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { localKms, type EventStore } from '@sanwang/event-store';
import { directoryModels } from '@sanwang/identity';
import type { Instant } from '@sanwang/kernel';
import { openKafka } from '@sanwang/kafka';
import { openKurrentDb } from '@sanwang/kurrentdb';
import { topicOf } from '@sanwang/messaging';
import { openMongo } from '@sanwang/mongodb';
import type { ModelDefinition } from '@sanwang/read-model';
import type { ClusterConfig } from '@sanwang/service';
import { openModels } from '@sanwang/sqlite';
import type { Logger } from '@sanwang/telemetry';
import type { Ports } from './ports.ts';
import { watchServers, whenReached, wrongConfiguration, type Server, type ServerWatch } from './servers.ts';
import { splitModels } from './split-models.ts';

const VARIABLES = { kurrentdb: 'SANWANG_KURRENTDB', kafka: 'SANWANG_KAFKA', mongodb: 'SANWANG_MONGODB' } as const;

const copies = new Set<string>(directoryModels('').map(({ name }) => name));
/** A process's own copy of the directory: small, in its memory, and so fed by every change. */
export const isOwnCopy = ({ name }: Pick<ModelDefinition, 'name'>): boolean => copies.has(name);

/** The ports of a cluster, open in one of its processes. */
export interface ClusterPorts extends Ports {
  /** Where this process's own models lie. */
  readonly scratch: string;
  readonly servers: ServerWatch;
  /** The wall clock of the database's server. */
  clock(): Promise<Instant>;
}

/** What a connection string says is wrong is told by its variable. */
const opened = <T>(variable: string, open: () => T): T => {
  try {
    return open();
  } catch (error) {
    throw wrongConfiguration(variable, error);
  }
};

export const openStore = ({ kurrentdb }: Pick<ClusterConfig, 'kurrentdb'>): EventStore =>
  opened(VARIABLES.kurrentdb, () => openKurrentDb(kurrentdb));

export interface OpenClusterOptions {
  readonly context: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Called before anything is waited for, with what is. */
  onServers(servers: Pick<ServerWatch, 'readiness'>): void;
}

/** Opens the cluster's servers for one process of a service, and waits until all of them answer, in whatever order they come. */
export const openCluster = async (config: ClusterConfig, options: OpenClusterOptions): Promise<ClusterPorts> => {
  const { context, logger, signal } = options;
  const store = openStore(config);
  const closing: (() => Promise<unknown>)[] = [() => store.close()];
  const close = async (): Promise<void> => {
    for (const step of closing.toReversed()) await step();
  };
  try {
    const kms = localKms(config.masterKey);
    const connecting = { connected: undefined as Awaited<ReturnType<typeof openMongo>> | undefined };
    const mongo = async (): Promise<Awaited<ReturnType<typeof openMongo>>> => {
      if (connecting.connected) return connecting.connected;
      const ports = await openMongo(config.mongodb, { kms });
      closing.push(() => ports.close());
      return (connecting.connected = ports);
    };
    const probeTopic = topicOf('directory');
    const before: Server[] = [
      { variable: VARIABLES.kurrentdb, check: () => store.readStream('directory.Deployment-main', { limit: 1 }) },
      { variable: VARIABLES.mongodb, check: async () => (await mongo()).clock() },
    ];
    let bus: ReturnType<typeof openKafka> | undefined;
    const servers = watchServers([...before, { variable: VARIABLES.kafka, check: async () => bus?.topicInfo(probeTopic) }], logger, signal);
    options.onServers(servers);
    const { keys, attachments, leases, models, checkpoints, clock } = await whenReached(VARIABLES.mongodb, mongo, logger, signal);
    const kafka = (bus = opened(VARIABLES.kafka, () => openKafka(config.kafka, { leases, clientId: `sanwang-${context}` })));
    closing.push(() => kafka.close());
    await servers.reached(signal);

    await mkdir(config.scratch, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(config.scratch, `${context}-`));
    closing.push(() => rm(scratch, { recursive: true, force: true }));
    const own = openModels(scratch);
    closing.push(() => own.close());
    return {
      store,
      keys,
      bus: kafka,
      attachments,
      models: splitModels(models, own, isOwnCopy),
      leases,
      checkpoints,
      clock,
      scratch,
      servers,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
