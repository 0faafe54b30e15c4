import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Principal } from '@sanwang/identity';
import { Rejection } from '@sanwang/kernel';
import {
  createAdmission,
  createGrpcServer,
  loadDescriptors,
  localEndpoint,
  mergeDescriptorSets,
  remoteEndpoint,
  type Api,
  type Interceptor,
} from '@sanwang/rpc';
import type { ClusterConfig, FrontDoor, House, Readiness, ServiceDefinition } from '@sanwang/service';
import { observeAdmission, observeCalls, type Logger, type Metrics } from '@sanwang/telemetry';
import type { ClusterPorts } from './cluster.ts';
import type { Composition } from './composition.ts';
import { describeApis } from './describe.ts';
import { instanceApi } from './instance-api.ts';
import { fanOut } from './fan-out.ts';
import type { Motion } from './motion.ts';
import type { Peers } from './peers.ts';
import { attachmentRoutesOf } from './services.ts';
import { verifyQuiet } from './verify-quiet.ts';

export interface DoorParts {
  readonly definition: ServiceDefinition;
  /** Every service of the deployment. */
  readonly all: readonly ServiceDefinition[];
  readonly config: ClusterConfig;
  readonly ports: ClusterPorts;
  readonly composition: Composition;
  readonly peers: Peers;
  serviceToken(): Promise<string>;
  readiness(): Readiness;
  stuck(): string | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
  verify(token: string | undefined): Promise<Principal>;
  motion(): Promise<Motion>;
}

/** How a process of a cluster is called. */
export type Door = Pick<FrontDoor, 'grpc' | 'drain'>;

const backup = async (): Promise<never> => {
  throw new Rejection(
    'failed-precondition',
    'backup-by-the-servers',
    "A cluster is backed up by its servers' own means: KurrentDB's log first, then MongoDB (keys and attachments) and the master key. The bus and the read models follow from the log.",
  );
};

const partsOf = ({ composition, ports, motion, metrics }: DoorParts) => {
  const service = composition.running[0]!;
  const { access, directory } = service.context;
  const operations = composition.operations({
    backup,
    verify: (progress, signal) =>
      verifyQuiet({ services: composition.running, rebuilding: composition.rebuilding, ports, signal }, progress),
  });
  const interceptors: readonly Interceptor[] = [observeCalls(metrics)];
  const here = (api: Api) => localEndpoint(api, interceptors);
  const simulatedNow = (): string | undefined => {
    const now = directory.deployment();
    return now?.mode === 'simulation' ? directory.clock.now() : undefined;
  };
  return { service, access, directory, operations, instance: instanceApi({ access, motion }), here, simulatedNow };
};

/** Opens the gRPC door of a service: its own rpcs, its operations, and what other processes ask of this one. */
export const openService = async (parts: DoorParts): Promise<Door> => {
  const { config, definition, logger, metrics } = parts;
  const { service, operations, instance, here, simulatedNow } = partsOf(parts);
  const contracts = readFileSync(fileURLToPath(import.meta.resolve('@sanwang/contracts/desc.binpb')));
  const own = definition.descriptors?.();
  const admission = createAdmission();
  observeAdmission(metrics, admission);
  const grpc = createGrpcServer({
    admission,
    endpoints: [...service.apis, operations, instance].map(here),
    descriptors: loadDescriptors(mergeDescriptorSets([contracts, ...(own ? [own] : [])])),
    authenticate: (token) => parts.verify(token),
    messageLimit: config.bodyLimit,
    tls: { cert: config.tlsCert, key: config.tlsKey },
    headers: () => {
      const now = simulatedNow();
      return now === undefined ? {} : { 'sanwang-simulation': now };
    },
    onError(error, { method, correlationId }) {
      if (!(error instanceof Rejection) || error.code === 'internal') logger.error({ err: error, method, correlationId }, 'a call failed');
    },
  });
  const port = await grpc.listen(`${config.host}:${config.grpcPort}`);
  return {
    grpc: `${config.host}:${port}`,
    async drain() {
      grpc.setServing(false);
      await grpc.close(config.drainSeconds * 1_000);
      admission.close();
    },
  };
};

/** Opens the front door before all services, wherever they run. */
export const openGateway = async (parts: DoorParts, serve: NonNullable<ServiceDefinition['serve']>): Promise<Door> => {
  const { all, definition, config, ports, peers, metrics, logger } = parts;
  const { service, access, directory, operations, instance, here, simulatedNow } = partsOf(parts);
  const others = all.filter((other) => other !== definition).map((other) => ({ context: other.context, apis: describeApis(other) }));
  const everywhere = fanOut({
    own: { context: definition.context, operations },
    contexts: others.map(({ context }) => context),
    peers,
    ports,
    access,
    directory,
    serviceToken: parts.serviceToken,
    longWork: parts.composition.longWork,
  });
  const house: House = {
    apis: [...service.apis, ...others.flatMap(({ apis }) => apis), everywhere],
    endpoints: [
      ...service.apis.map(here),
      ...others.flatMap(({ context, apis }) => apis.map((api) => remoteEndpoint(api, peers.connection(context)))),
      here(everywhere),
      here(instance),
    ],
    descriptors: all.flatMap((each) => each.descriptors?.() ?? []),
    verify: (token) => parts.verify(token),
    simulatedNow,
    readiness: parts.readiness,
    stuck: parts.stuck,
    tls: { cert: config.tlsCert, key: config.tlsKey },
    metrics,
    attachments: ports.attachments,
    attachmentRoutes: attachmentRoutesOf(all),
    access,
    config,
    logger,
  };
  return serve(house);
};
