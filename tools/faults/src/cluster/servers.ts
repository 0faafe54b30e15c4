import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TESTBED = join(import.meta.dirname, '..', '..', '..', '..', '..', 'shared', 'testbed');
const run = promisify(execFile);

/** A server of the testbed, in processes of its own. */
export interface TestServer {
  readonly name: string;
  /** Where clients reach it, as `host:port`, one per node. */
  readonly addresses: readonly string[];
  /** SIGKILL of a node (default: the first). */
  kill(node?: number): Promise<void>;
  /** Starts what does not run; its data is as it was. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The testbed is there: real servers can be started. */
export const hasTestbed = (): boolean => existsSync(join(TESTBED, 'kafka', 'up.sh'));

/** `count` neighbouring free ports of the loopback address, `step` apart, with the ports up to the next one free as well. */
export const freePorts = async (count: number, step = 1): Promise<number> => {
  const isFree = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
  for (let tries = 0; tries < 50; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const wanted = Array.from({ length: count * step }, (_, n) => first + n);
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`no ${count * step} free ports were found`);
};

const script = async (path: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<string> => {
  const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 20 };
  const { stdout } = await run('bash', [join(TESTBED, path), ...args], options);
  return stdout;
};
/** A broker that the script has just spawned may not be recognised in its first instant; called again, it goes on. */
const twice = (work: () => Promise<string>): Promise<string> => work().catch(work);

const killPid = async (file: string): Promise<void> => {
  const pid = Number(readFileSync(file, 'utf8'));
  process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 200 && existsSync(`/proc/${pid}/exe`); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
};

export interface KafkaOptions {
  /** Brokers: 1 or 3. */
  readonly nodes?: 1 | 3;
  /** Lines for server.properties. */
  readonly properties?: string;
  readonly port?: number;
}

/** A real Kafka of one or three brokers below a folder. */
export const startKafka = async (folder: string, { nodes = 1, properties = '', port }: KafkaOptions = {}): Promise<TestServer> => {
  const first = port ?? (await freePorts(nodes, 10));
  const env = {
    ROOT: join(folder, 'kafka'),
    PORT: String(first),
    NODES: String(nodes),
    KAFKA_PROPS: `broker.session.timeout.ms=6000\n${properties}`,
  };
  const up = () => twice(() => script('kafka/up.sh', env));
  await up();
  return {
    name: 'kafka',
    addresses: Array.from({ length: nodes }, (_, n) => `127.0.0.1:${first + 10 * n}`),
    kill: (node = 0) => killPid(join(env.ROOT, `n${node + 1}`, 'pid')),
    start: async () => void (await up()),
    stop: async () => void (await script('kafka/down.sh', env)),
  };
};

/** A server that speaks MongoDB's protocol; what it acknowledges survives its end. */
export const startMongo = async (folder: string): Promise<TestServer> => {
  const port = await freePorts(1);
  const env = { ROOT: process.env['TESTBED_MONGODB_ROOT'] ?? join(folder, 'mongodb'), PORT: String(port), SERVER: 'py' };
  const up = () => twice(() => script('mongodb/up.sh', env));
  await up();
  return {
    name: 'mongodb',
    addresses: [`127.0.0.1:${port}`],
    kill: () => killPid(join(env.ROOT, `run-${port}`, 'pid')),
    start: async () => void (await up()),
    stop: async () => void (await script('mongodb/down.sh', env, ['--wipe'])),
  };
};

const DOUBLE = join(import.meta.dirname, '..', '..', '..', '..', 'libs', 'kurrentdb', 'src', 'double', 'main.ts');

/** Our double of KurrentDB's protocol in a process of its own, durable on disk. It is no proof for the real server. */
export const startDouble = async (folder: string): Promise<TestServer> => {
  const port = await freePorts(1);
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    if (child && child.exitCode === null && child.signalCode === null) return;
    const one = spawn(process.execPath, [DOUBLE, '--data', join(folder, 'kurrentdb-double'), '--port', String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = one;
    await new Promise<void>((resolve, reject) => {
      one.once('exit', (code) => reject(new Error(`the double of KurrentDB ended with ${code} before it served`)));
      one.stdout.once('data', () => resolve());
    });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const one = child;
    if (!one || one.exitCode !== null || one.signalCode !== null) return;
    const ended = new Promise((resolve) => one.once('close', resolve));
    one.kill(signal);
    await ended;
  };
  await start();
  return { name: 'kurrentdb-double', addresses: [`127.0.0.1:${port}`], kill: () => end('SIGKILL'), start, stop: () => end('SIGTERM') };
};
