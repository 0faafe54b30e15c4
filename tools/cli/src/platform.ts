import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OfficerServiceDefinition } from '@sanwang/contracts/directory';
import { OperationsServiceDefinition, type Operation } from '@sanwang/contracts/operations';
import { localIssuer, openLocalIssuer, type Duty, type LocalIssuer } from '@sanwang/identity';
import { Rejection } from '@sanwang/kernel';
import { layout, startHost, type Host } from '@sanwang/platform';
import { connectGrpc, inProcessClient, type ClientOf, type GrpcConnection, type ProtoService } from '@sanwang/rpc';
import { readEmbeddedConfig, type EmbeddedConfig } from '@sanwang/service';
import { createLogger } from '@sanwang/telemetry';
import { UsageError } from './usage.ts';

/** The platform that a command works with: the running one, or one that the command itself started on the folder. */
export interface Platform {
  readonly config: EmbeddedConfig;
  /** Present when the command started it. */
  readonly host: Host | undefined;
  client<Service extends ProtoService>(service: Service, subject: string): Promise<ClientOf<Service>>;
}

interface Address {
  readonly pid: number;
  readonly http: string;
  readonly grpc: string;
}

/** Where the platform of a data folder listens; `undefined` when none runs. */
export const runningPlatform = async (folder: string): Promise<Address | undefined> => {
  const file = layout(resolve(folder)).address;
  if (!existsSync(file)) return undefined;
  const address = JSON.parse(readFileSync(file, 'utf8')) as Address;
  try {
    const health = await fetch(`${address.http}/healthz`, { signal: AbortSignal.timeout(3_000) });
    return health.ok ? address : undefined;
  } catch {
    return undefined;
  }
};

/** The bootstrap subject, which makes the first imports; refused where the configuration names none. */
export const bootstrapSubject = (config: EmbeddedConfig): string => {
  if (config.bootstrapSubject !== undefined) return config.bootstrapSubject;
  throw new Rejection(
    'failed-precondition',
    'no-bootstrap-subject',
    'The configuration names no bootstrap subject (SANWANG_BOOTSTRAP_SUBJECT).',
  );
};

/** The local issuer that the configuration names, or that of the data folder. */
export const issuerOf = ({ localIssuer: key, data }: Pick<EmbeddedConfig, 'localIssuer' | 'data'>): Promise<LocalIssuer> =>
  key ? localIssuer(key) : openLocalIssuer(resolve(data));

/** Long enough for any command's tokens. */
const TOKEN_SECONDS = 24 * 3600;

/** Which platform a command works with: the one behind a gRPC address, or without one that of the configured folder. */
export interface Where {
  /** `grpcs://host:port`, or `grpc://host:port` without TLS. */
  readonly target?: string | undefined;
  /** PEM file of the CA that the target's certificate is checked by. */
  readonly ca?: string | undefined;
}

const connectTo = (target: string, ca: string | undefined): GrpcConnection => {
  const [, scheme, address] = /^(grpcs?):\/\/([^/\s]+:\d{1,5})\/?$/.exec(target) ?? [];
  if (address === undefined) throw new UsageError(`--target: expected grpcs://host:port or grpc://host:port, not ${target}.`);
  if (scheme === 'grpc') return connectGrpc(address);
  if (ca === undefined) throw new UsageError('--ca is missing: the file of the CA by which the certificate of --target is checked.');
  return connectGrpc(address, { tls: { ca: readFileSync(ca, 'utf8') }, service: target });
};

const withConnection = async <T>(
  connection: GrpcConnection,
  issuer: LocalIssuer,
  config: EmbeddedConfig,
  work: (platform: Platform) => Promise<T>,
): Promise<T> => {
  try {
    return await work({
      config,
      host: undefined,
      client: async (service, subject) => connection.client(service, { token: await issuer.issue({ subject, ttlSeconds: TOKEN_SECONDS }) }),
    });
  } finally {
    connection.close();
  }
};

/** Connects to the platform that `where` names, or to the running one of the configured folder, or starts that in this process without a front door. */
export const withPlatform = async <T>(where: Where, work: (platform: Platform) => Promise<T>): Promise<T> => {
  const config = readEmbeddedConfig(process.env);
  if (where.target !== undefined) {
    const { localIssuer: key } = config;
    if (!key) throw new UsageError('--target needs SANWANG_LOCAL_ISSUER_FILE, the key of the local issuer that the target trusts.');
    const issuer = await localIssuer(key);
    return withConnection(connectTo(where.target, where.ca), issuer, config, work);
  }
  const running = await runningPlatform(config.data);
  if (running) {
    return withConnection(connectGrpc(running.grpc), await issuerOf(config), config, work);
  }
  const host = await startHost({ config, listen: false, logger: createLogger({ level: 'warn', destination: process.stderr }) });
  try {
    return await work({
      config,
      host,
      client: async (service, subject) => {
        const endpoint = host.endpoints.find((candidate) => candidate.service.fullName === service.fullName);
        if (!endpoint) throw new Error(`no service answers ${service.fullName}`);
        const kind = subject === config.bootstrapSubject ? 'bootstrap' : 'officer';
        return inProcessClient(service, endpoint, { principal: { subject, kind } });
      },
    });
  } finally {
    await host.drain();
  }
};

/** Who a command acts for: `--as`, or the first active officer with the duty. */
export const actingOfficer = async (platform: Platform, as: string | undefined, duty: Duty): Promise<string> => {
  if (as !== undefined) return as === 'admin' ? bootstrapSubject(platform.config) : as;
  const officers = await platform.client(OfficerServiceDefinition, bootstrapSubject(platform.config));
  let pageToken: string | undefined;
  do {
    const page = await officers.listOfficers({ active: true, pageSize: 500, pageToken });
    const found = page.items.find((officer) => officer.duties.includes(duty));
    if (found) return found.id;
    pageToken = page.nextPageToken;
  } while (pageToken);
  throw new Rejection(
    'failed-precondition',
    'no-officer-with-duty',
    `No active officer has the duty ${duty}: import one (sanwang import officers FILE --as admin), or say --as OFFICER.`,
  );
};

/** Waits for long work, showing its progress; throws when it failed. */
export const follow = async (
  platform: Platform,
  officer: string,
  started: Operation | undefined,
  show: (operation: Operation) => void,
): Promise<Operation> => {
  const operations = await platform.client(OperationsServiceDefinition, officer);
  let operation = started;
  for (let wait = 20; ; wait = Math.min(wait * 1.5, 500)) {
    if (!operation) throw new Rejection('internal', 'operation-missing', 'The platform answered without an operation.');
    show(operation);
    if (operation.state === 'failed') throw new Rejection('internal', 'operation-failed', operation.error);
    if (operation.state === 'done') return operation;
    await pause(wait);
    ({ operation } = await operations.getOperation({ id: operation.id }));
  }
};
