import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster, type Cluster } from '@sanwang/cluster';
import { localIssuer } from '@sanwang/identity';
import { connectGrpc } from '@sanwang/rpc';
import type { Platform } from '../platform.ts';
import { startProxy, type Proxy } from '../proxy.ts';
import { freePorts, startDouble, startKafka, startMongo, type TestServer } from './servers.ts';

/** A cluster of processes on servers of its own, with a proxy before each server that lets the network fail. */
export interface Site extends Platform {
  readonly cluster: Cluster;
  readonly servers: { readonly kafka: TestServer; readonly mongodb: TestServer; readonly kurrentdb: TestServer };
  /** With three brokers there is none before Kafka: a broker is then killed instead. */
  readonly proxies: Readonly<Partial<Record<'kafka' | 'mongodb' | 'kurrentdb', Proxy>>>;
  /** The servers' own addresses, past the proxies, as the configuration writes them. */
  readonly direct: { readonly kafka: string; readonly mongodb: string; readonly kurrentdb: string };
  /** The last lines of every process, for a report. */
  lastLines(): string;
  stop(): Promise<void>;
}

export interface SiteOptions {
  readonly folder: string;
  readonly brokers?: 1 | 3;
  readonly replicas?: Readonly<Record<string, number>>;
  readonly env?: Readonly<Record<string, string>>;
  /** False: no proxies, for measuring. */
  readonly proxied?: boolean;
}

const KEPT_LINES = 400;
const READY_MS = 120_000;

const apart = (address: string): { host: string; port: number } => {
  const [host, port] = address.split(':') as [string, string];
  return { host, port: Number(port) };
};

/** Starts servers, proxies and every service, and waits until all are ready. */
export const startSite = async ({ folder, brokers = 1, replicas = {}, env = {}, proxied = true }: SiteOptions): Promise<Site> => {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of stops.splice(0).toReversed()) await step();
  };
  const lines: string[] = [];
  try {
    const kafkaPort = await freePorts(brokers, 10);
    const kafkaProxied = proxied && brokers === 1;
    const kafkaProxy = kafkaProxied ? await startProxy({ host: '127.0.0.1', port: kafkaPort }) : undefined;
    const kafka = await startKafka(folder, {
      nodes: brokers,
      port: kafkaPort,
      // What a broker says of itself is where its clients go.
      ...(kafkaProxy && { properties: `advertised.listeners=PLAINTEXT://127.0.0.1:${kafkaProxy.port}` }),
    });
    stops.push(kafka.stop);
    const mongodb = await startMongo(folder);
    stops.push(mongodb.stop);
    const kurrentdb = await startDouble(folder);
    stops.push(kurrentdb.stop);
    const mongoProxy = proxied ? await startProxy(apart(mongodb.addresses[0]!)) : undefined;
    const kurrentProxy = proxied ? await startProxy(apart(kurrentdb.addresses[0]!)) : undefined;
    for (const proxy of [kafkaProxy, mongoProxy, kurrentProxy]) if (proxy) stops.push(() => proxy.close());

    const addressOf = (server: TestServer, proxy: Proxy | undefined): string =>
      proxy ? `${proxy.host}:${proxy.port}` : server.addresses.join(',');
    const mongoUri = (address: string): string => `mongodb://${address}/sanwang?directConnection=true`;
    const kurrentUri = (address: string): string => `kurrentdb://${address}?tls=false`;
    const cluster = await startCluster({
      servers: {
        kafka: `kafka://${addressOf(kafka, kafkaProxy)}`,
        mongodb: mongoUri(addressOf(mongodb, mongoProxy)),
        kurrentdb: kurrentUri(addressOf(kurrentdb, kurrentProxy)),
      },
      folder: join(folder, 'cluster'),
      portBase: await freePorts(30),
      replicas,
      env: { SANWANG_LOG_LEVEL: 'info', ...env },
      say(process, line) {
        lines.push(`${process} ${line}`);
        if (lines.length > KEPT_LINES) lines.splice(0, lines.length - KEPT_LINES);
      },
    });
    stops.push(() => cluster.stop());
    await cluster.ready(READY_MS);

    const issuer = await localIssuer(JSON.parse(readFileSync(cluster.issuerFile, 'utf8')));
    const connection = connectGrpc(cluster.gateway.grpc, { tls: { ca: readFileSync(cluster.caFile, 'utf8') } });
    stops.push(async () => connection.close());
    const tokens = new Map<string, Promise<string>>();
    return {
      folder,
      cluster,
      servers: { kafka, mongodb, kurrentdb },
      proxies: {
        ...(kafkaProxy && { kafka: kafkaProxy }),
        ...(mongoProxy && { mongodb: mongoProxy }),
        ...(kurrentProxy && { kurrentdb: kurrentProxy }),
      },
      direct: {
        // A broker sends its clients to the address that it says of itself, which is the proxy's.
        kafka: `kafka://${addressOf(kafka, kafkaProxy)}`,
        mongodb: mongoUri(mongodb.addresses[0]!),
        kurrentdb: kurrentUri(kurrentdb.addresses[0]!),
      },
      client(service, subject) {
        const issued = tokens.get(subject) ?? issuer.issue({ subject, ttlSeconds: 24 * 3_600 });
        tokens.set(subject, issued);
        return connection.client(service, { token: () => issued });
      },
      lastLines: () => lines.join('\n'),
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${lines.slice(-60).join('\n')}`, { cause: error });
  }
};
