import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { contextsHere, startCluster, type Cluster } from '@sanwang/cluster';
import { localIssuer } from '@sanwang/identity';
import { startFloor } from '../floor-process.ts';
import { connectHttp } from '../http-client.ts';
import { officersWith, pool, type Officers } from '../lifecycle.ts';
import { closedLoop, upTo } from '../load.ts';
import { residentMb } from '../measures/idle.ts';
import type { Figure } from '../report.ts';
import { mean, percentile, range } from '../statistics.ts';
import type { BenchServers } from './servers.ts';
import type { ClusterSize } from './size.ts';

const READY_MS = 180_000;
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process has used, from /proc. */
const cpuSeconds = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13) as [string, string];
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
};

/** The first of `count` neighbouring ports that are free. */
const freePorts = async (count: number): Promise<number> => {
  const isFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
  for (let tries = 0; tries < 50; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const free = await Promise.all(Array.from({ length: count }, (_, n) => isFree(first + n)));
    if (free.every(Boolean)) return first;
  }
  throw new Error(`no ${count} neighbouring free ports were found`);
};

/** What the services hold and use when nobody calls, beside a process with bare fastify and node:sqlite. */
const idle = async (cluster: Cluster, seconds: number): Promise<readonly Figure[]> => {
  const floor = startFloor();
  try {
    await floor.cpu();
    const pids = cluster.processes.map(({ pid }) => pid!);
    const before = pids.map(cpuSeconds);
    const bareBefore = cpuSeconds(floor.pid);
    const begun = performance.now();
    await pause(seconds * 1000);
    const passed = (performance.now() - begun) / 1000;
    const shares = pids.map((pid, n) => ((cpuSeconds(pid) - before[n]!) / passed) * 100);
    const memory = pids.map(residentMb);
    const by = (values: readonly number[], unit: string) =>
      Object.fromEntries(cluster.processes.map(({ name }, n) => [`${name} (${unit}, double)`, values[n]!]));
    return [
      {
        id: 'memory',
        name: `idle memory per service, mean of ${pids.length} (KurrentDB double)`,
        unit: 'MB',
        value: mean(memory),
        floor: residentMb(floor.pid),
        ratio: mean(memory) / residentMb(floor.pid),
        spread: range(memory),
        aim: null,
        met: null,
        beside: by(memory, 'MB'),
      },
      {
        id: 'idle',
        name: `idle CPU of all ${pids.length} services over ${Math.round(passed)} s (KurrentDB double)`,
        unit: '% of a core',
        value: shares.reduce((sum, share) => sum + share, 0),
        floor: ((cpuSeconds(floor.pid) - bareBefore) / passed) * 100,
        aim: null,
        met: null,
        beside: by(shares, '% of a core'),
      },
    ];
  } finally {
    await floor.stop();
  }
};

/** The directory's copies, the checklist and the businesses have reached the services when a first command is accepted. */
const firstCommand = async (http: string, officers: Officers): Promise<void> => {
  const connection = await connectHttp(http);
  try {
    for (const end = Date.now() + READY_MS; ;) {
      try {
        await pool(officers, connection, 0, 'first');
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await pause(500);
      }
    }
  } finally {
    connection.close();
  }
};

/** From a command's acknowledgement to the answer of a query with its read token, beside the same query again. */
const visible = async (http: string, officers: Officers, size: ClusterSize): Promise<readonly Figure[]> => {
  const times: number[] = [];
  const again: number[] = [];
  const round = async (key: string, commands: number): Promise<void> => {
    times.length = again.length = 0;
    await closedLoop(http, size.inFlight, upTo(commands), async (connection, n) => {
      const { id, readToken } = await pool(officers, connection, n, `${key}-${n}`);
      const acknowledged = performance.now();
      await officers.get(connection, n, `/v1/patrol/tasks/${id}`, readToken);
      const seen = performance.now();
      await officers.get(connection, n, `/v1/patrol/tasks/${id}`, readToken);
      times.push(seen - acknowledged);
      again.push(performance.now() - seen);
    });
  };
  await round('warm', Math.ceil(size.commands / 4));
  await round('counted', size.commands);
  return [0.5, 0.99].map((share): Figure => ({
    id: 'visible',
    name: `acknowledged → visible, p${share * 100}, ${size.inFlight} callers (KurrentDB double)`,
    unit: 'ms',
    value: percentile(times, share),
    floor: percentile(again, share),
    aim: null,
    met: null,
    beside: { [`samples of p${share * 100} (double)`]: times.length },
  }));
};

/** Starts every service as a process of its own over the servers and measures them idle, then the way through the broker. */
export const serviceFigures = async ({ urls, folder }: BenchServers, size: ClusterSize): Promise<readonly Figure[]> => {
  const lines: string[] = [];
  const cluster = await startCluster({
    servers: urls,
    folder,
    portBase: await freePorts(2 * contextsHere().length),
    env: { SANWANG_LOG_LEVEL: 'warn', SANWANG_RATE_LIMIT: '0' },
    say: (process, line) => void lines.push(`${process} ${line}`),
  });
  try {
    await cluster.ready(READY_MS);
    const officers = officersWith(await localIssuer(JSON.parse(readFileSync(cluster.issuerFile, 'utf8'))));
    await firstCommand(cluster.gateway.http, officers);
    const found = await visible(cluster.gateway.http, officers, size);
    return [...found, ...(await idle(cluster, size.idleSeconds))];
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${lines.slice(-20).join('\n')}`, { cause: error });
  } finally {
    await cluster.stop();
  }
};
