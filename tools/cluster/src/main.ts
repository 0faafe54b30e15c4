import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { localIssuer } from '@sanwang/identity';
import { startCluster, type Servers } from './cluster.ts';

// npm run cluster [-- --data DIR --port PORT --no-restart]: every service as a process of its own, against given servers.

const VARIABLES = { kurrentdb: 'SANWANG_KURRENTDB', kafka: 'SANWANG_KAFKA', mongodb: 'SANWANG_MONGODB' } as const;
const HELP: Readonly<Record<keyof Servers, string>> = {
  kurrentdb:
    'KurrentDB, e.g. kurrentdb://127.0.0.1:2113?tls=false (no server at hand? `npm run kurrentdb-double -- --data DIR` is a double of its protocol)',
  kafka: 'Kafka, e.g. kafka://127.0.0.1:9092 (no server at hand? ../shared/testbed/kafka/up.sh)',
  mongodb: 'MongoDB, e.g. mongodb://127.0.0.1:27017/sanwang (no server at hand? SERVER=py ../shared/testbed/mongodb/up.sh)',
};
const HOUR = 3_600;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const keys = Object.keys(VARIABLES) as (keyof Servers)[];

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '.sanwang-cluster' },
    port: { type: 'string', default: '8080' },
    'no-restart': { type: 'boolean', default: false },
  },
});
const missing = keys.filter((key) => !process.env[VARIABLES[key]]);
if (missing.length > 0) {
  say('A cluster stands on servers, and the environment does not say where these are:');
  for (const key of missing) say(`  ${VARIABLES[key]}: ${HELP[key]}`);
  process.exitCode = 2;
} else {
  const began = performance.now();
  const servers = Object.fromEntries(keys.map((key) => [key, process.env[VARIABLES[key]]!])) as unknown as Servers;
  const passedOn = Object.entries(process.env).filter(
    ([name, value]) => name.startsWith('SANWANG_') && value !== undefined && !Object.values<string>(VARIABLES).includes(name),
  ) as [string, string][];
  const cluster = await startCluster({
    servers,
    folder: resolve(values.data),
    portBase: Number(values.port),
    restart: !values['no-restart'],
    env: Object.fromEntries(passedOn),
    say: (name, line) => say(`${name.padEnd(14)} ${line}`),
  });
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

  const { gateway } = cluster;
  while (!stopped.signal.aborted && (await cluster.notReady()).length > 0) await pause(300);
  if (!stopped.signal.aborted) {
    const issuer = await localIssuer(JSON.parse(readFileSync(cluster.issuerFile, 'utf8')));
    const token = await issuer.issue({ subject: 'bootstrap', ttlSeconds: 12 * HOUR });
    const target = `grpcs://${gateway.grpc}`;
    say('');
    say(
      `Sanwang 三网 runs as a cluster: ${cluster.processes.length} processes are ready (${((performance.now() - began) / 1_000).toFixed(1)} s).`,
    );
    say(`  REST     ${gateway.http}/v1/`);
    say(`  gRPC     ${gateway.grpc} (TLS, CA ${cluster.caFile})`);
    say(`  docs     ${gateway.http}/docs`);
    say(`  secrets  ${resolve(values.data, 'secrets')} (of this trial; keep the master key)`);
    say('In another terminal, load the made-up city and follow it for three months:');
    say(`  SANWANG_LOCAL_ISSUER_FILE=${cluster.issuerFile} npm run sanwang -- replay --target ${target} --ca ${cluster.caFile}`);
    say('or ask it something:');
    say(`  curl -H 'Authorization: Bearer ${token}' ${gateway.http}/v1/units`);
    say('Ctrl-C stops it.');
  }
  if (!stopped.signal.aborted) await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve, { once: true }));
  say('Answering what was accepted, then stopping …');
  await cluster.stop();
  say('Stopped. What was acknowledged is in the servers; the next start goes on from there.');
}
