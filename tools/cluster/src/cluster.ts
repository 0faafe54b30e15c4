import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SERVICES_FOLDER } from '@sanwang/platform';
import { startServiceProcess, type ServiceProcess } from './process.ts';
import { trialSecrets } from './secrets.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Where the servers are, as the configuration's variables of that name say it. */
export interface Servers {
  readonly kurrentdb: string;
  readonly kafka: string;
  readonly mongodb: string;
}

export interface ClusterOptions {
  readonly servers: Servers;
  /** Folder of the trial secrets and the processes' own copies. */
  readonly folder: string;
  /** The gateway takes REST here and gRPC one above; every other process takes two of those after. */
  readonly portBase: number;
  /** Processes of each service; 1 when absent. */
  readonly replicas?: Readonly<Record<string, number>>;
  readonly restart?: boolean;
  /** More variables of the configuration, for every process. */
  readonly env?: Readonly<Record<string, string>>;
  say?(process: string, line: string): void;
}

/** One process of a service and where it answers. */
export interface ClusterProcess extends ServiceProcess {
  readonly context: string;
  readonly http: string;
  readonly grpc: string;
}

export interface Cluster {
  readonly processes: readonly ClusterProcess[];
  readonly gateway: ClusterProcess;
  /** PEM file of the CA of the processes' certificates, and the local issuer's key file. */
  readonly caFile: string;
  readonly issuerFile: string;
  /** What is not ready, by process; empty when all are. */
  notReady(): Promise<readonly string[]>;
  /** Resolves when all are ready; rejects after so many ms. */
  ready(withinMs: number): Promise<void>;
  /** Lets every process finish what it has accepted, and ends it. */
  stop(): Promise<void>;
}

/** The services of the deployment: every folder that can be started. */
export const contextsHere = (): readonly string[] =>
  readdirSync(SERVICES_FOLDER)
    .filter((context) => existsSync(join(SERVICES_FOLDER, context, 'src', 'main.ts')))
    .sort();

const HOST = '127.0.0.1';

/** Starts every service of the deployment as a process of its own against the given servers. */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { servers, folder, portBase, replicas = {}, restart = true, say = () => undefined } = options;
  const contexts = contextsHere();
  const secretsOf = await trialSecrets(join(folder, 'secrets'), contexts);
  const planned = [...contexts]
    .sort((a, b) => Number(b === 'gateway') - Number(a === 'gateway'))
    .flatMap((context) => Array.from({ length: replicas[context] ?? 1 }, (_, index) => ({ context, index })))
    .map((one, place) => ({ ...one, http: portBase + 2 * place, grpc: portBase + 2 * place + 1 }));
  const addresses = planned.map(({ context, grpc }) => `${context}=${HOST}:${grpc}`).join(',');

  const processes = planned.map(({ context, index, http, grpc }): ClusterProcess => {
    const name = (replicas[context] ?? 1) > 1 ? `${context}-${index + 1}` : context;
    const started = startServiceProcess({
      name,
      program: join(SERVICES_FOLDER, context, 'src', 'main.ts'),
      restart,
      say: (line) => say(name, line),
      env: {
        PATH: process.env['PATH'] ?? '',
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(ROOT, 'node_modules', '.cache', 'compile'),
        ...(process.env['NODE_OPTIONS'] !== undefined && { NODE_OPTIONS: process.env['NODE_OPTIONS'] }),
        SANWANG_MODE: 'cluster',
        SANWANG_PROFILE: 'trial',
        SANWANG_KURRENTDB: servers.kurrentdb,
        SANWANG_KAFKA: servers.kafka,
        SANWANG_MONGODB: servers.mongodb,
        SANWANG_SERVICES: addresses,
        SANWANG_SCRATCH: join(folder, 'scratch'),
        SANWANG_HOST: HOST,
        SANWANG_HTTP_PORT: String(http),
        SANWANG_GRPC_PORT: String(grpc),
        ...secretsOf(context),
        ...options.env,
      },
    });
    const { kill, stop } = started;
    return {
      name,
      context,
      http: `http://${HOST}:${http}`,
      grpc: `${HOST}:${grpc}`,
      kill,
      stop,
      get pid() {
        return started.pid;
      },
      get starts() {
        return started.starts;
      },
    };
  });

  const notReady = async (): Promise<readonly string[]> => {
    const answers = await Promise.all(
      processes.map(async ({ name, http }) => {
        try {
          const answer = await fetch(`${http}/readyz`, { signal: AbortSignal.timeout(2_000) });
          const body = (await answer.json()) as { notReady?: readonly { name: string; message: string }[] };
          return answer.ok ? [] : (body.notReady ?? []).map((part) => `${name}: ${part.name}: ${part.message}`);
        } catch {
          return [`${name}: does not answer`];
        }
      }),
    );
    return answers.flat();
  };
  const { SANWANG_TLS_CA_FILE: caFile, SANWANG_LOCAL_ISSUER_FILE: issuerFile } = secretsOf('gateway') as Record<string, string>;
  return {
    processes,
    gateway: processes.find(({ context }) => context === 'gateway')!,
    caFile: caFile!,
    issuerFile: issuerFile!,
    notReady,
    async ready(withinMs) {
      const end = Date.now() + withinMs;
      for (;;) {
        const waiting = await notReady();
        if (waiting.length === 0) return;
        if (Date.now() > end) throw new Error(`the cluster is not ready:\n  ${waiting.join('\n  ')}`);
        await pause(200);
      }
    },
    async stop() {
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
};
