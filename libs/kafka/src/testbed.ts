import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCRIPTS = fileURLToPath(new URL('../../../../shared/testbed/kafka/', import.meta.url));

/** Brokers of a test's own, by `../shared/testbed/kafka`. */
export interface KafkaTestbed {
  /** Plaintext; with rights switched on, whoever comes this way may do everything. */
  readonly url: string;
  readonly brokers: readonly string[];
  /** As a user over TLS, where `users` were given. */
  urlOf(user: string): string;
  /** `kill -9`. */
  kill(node: number): void;
  /** Starts the nodes that are down. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export const startKafkaTestbed = async (
  options: { readonly nodes?: 1 | 3; readonly users?: Readonly<Record<string, string>>; readonly properties?: string } = {},
): Promise<KafkaTestbed> => {
  const { nodes = 1, users, properties } = options;
  const root = await mkdtemp(join(tmpdir(), 'sanwang-kafka-'));
  const port = await freePort();
  const env = {
    ...process.env,
    ROOT: root,
    PORT: String(port),
    NODES: String(nodes),
    ...(properties !== undefined && { KAFKA_PROPS: properties }),
    ...(users && {
      SECURE: '1',
      SCRAM_USERS: Object.entries(users)
        .map((pair) => pair.join('='))
        .join(' '),
    }),
  };
  const up = async (): Promise<void> => void (await run('bash', [join(SCRIPTS, 'up.sh')], { env }));
  const stop = async (): Promise<void> => {
    await run('bash', [join(SCRIPTS, 'down.sh'), '--wipe'], { env }).catch(() => undefined);
    await rm(root, { recursive: true, force: true });
  };
  try {
    await up();
  } catch (error) {
    await stop();
    throw error;
  }
  const ports = Array.from({ length: nodes }, (_, index) => port + 10 * index);
  const brokers = ports.map((one) => `127.0.0.1:${one}`);
  return {
    url: `kafka://${brokers.join(',')}`,
    brokers,
    urlOf: (user) =>
      `kafka://${user}:${users?.[user] ?? ''}@${ports.map((one) => `localhost:${one + 1}`).join(',')}?tls=true&ca=${join(root, 'pki', 'ca.crt')}`,
    kill: (node) => void process.kill(Number(readFileSync(join(root, `n${node}`, 'pid'), 'utf8')), 'SIGKILL'),
    up,
    stop,
  };
};
