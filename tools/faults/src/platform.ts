import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openLocalIssuer } from '@sanwang/identity';
import { layout, startHost, type Host, type HostOptions } from '@sanwang/platform';
import { connectGrpc, inProcessClient, type ClientOf, type ProtoService } from '@sanwang/rpc';
import { readEmbeddedConfig } from '@sanwang/service';
import { createLogger } from '@sanwang/telemetry';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BOOTSTRAP = 'bootstrap';

/** A platform as its callers see it, in this process or in another one. */
export interface Platform {
  readonly folder: string;
  client<Service extends ProtoService>(service: Service, subject: string): ClientOf<Service>;
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'sanwang-faults-'));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });

const settings = (folder: string): Record<string, string> => ({
  SANWANG_DATA: folder,
  SANWANG_HTTP_PORT: '0',
  SANWANG_GRPC_PORT: '0',
});

/** The whole platform in this process, on a folder (a new temporary one unless given). */
export interface HostedPlatform extends Platform {
  readonly host: Host;
  settled(): Promise<void>;
}
export const hostPlatform = async (
  options: { readonly folder?: string } & Omit<Partial<HostOptions>, 'config'> = {},
): Promise<HostedPlatform> => {
  const { folder = temporaryFolder(), ...rest } = options;
  const host = await startHost({
    config: readEmbeddedConfig(settings(folder)),
    logger: createLogger({ level: 'silent' }),
    listen: false,
    ...rest,
  });
  return {
    folder,
    host,
    settled: () => host.settle(Date.now() + 20_000),
    client(service, subject) {
      const endpoint = host.endpoints.find((candidate) => candidate.service.fullName === service.fullName);
      if (!endpoint) throw new Error(`no service answers ${service.fullName}`);
      return inProcessClient(service, endpoint, { principal: { subject, kind: subject === BOOTSTRAP ? 'bootstrap' : 'officer' } });
    },
  };
};

/** Exit code, or the signal that ended the process. */
export type Ending = number | NodeJS.Signals | null;

/** The platform as `npm start` runs it, in a process of its own. */
export interface ProcessPlatform extends Platform {
  readonly http: string;
  readonly grpc: string;
  /** Milliseconds from the spawn until it listened. */
  readonly startedIn: number;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** Sends the signal and waits for the end. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<{ readonly code: Ending; readonly ms: number }>;
  readonly ended: Promise<Ending>;
  token(subject: string): Promise<string>;
}

export interface Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  output(): string;
}

/** Spawns `sanwang start` on a folder, at the most talkative log level. */
export const spawnPlatform = (folder: string): Spawned => {
  const child = spawn(process.execPath, [join(ROOT, 'tools', 'cli', 'src', 'main.ts'), 'start'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compile'),
      SANWANG_LOG_LEVEL: 'trace',
      ...settings(folder),
    },
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (written += text));
  return { child, ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal))), output: () => written };
};

const STARTS_WITHIN_MS = 30_000;

/** Starts it and waits until it listens. */
export const startProcess = async (folder: string): Promise<ProcessPlatform> => {
  // A killed process leaves its address behind; only that of the new one counts.
  rmSync(layout(folder).address, { force: true });
  const began = performance.now();
  const { child, ended, output } = spawnPlatform(folder);
  while (!existsSync(layout(folder).address) || readFileSync(layout(folder).address, 'utf8') === '') {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() - began > STARTS_WITHIN_MS) {
      child.kill('SIGKILL');
      throw new Error(`the platform did not start (${child.exitCode ?? child.signalCode ?? 'in time'}):\n${output()}`);
    }
    await pause(10);
  }
  const address = JSON.parse(readFileSync(layout(folder).address, 'utf8')) as { readonly http: string; readonly grpc: string };
  const startedIn = performance.now() - began;
  const issuer = await openLocalIssuer(folder);
  const connection = connectGrpc(address.grpc);
  void ended.then(() => connection.close());
  const tokens = new Map<string, Promise<string>>();
  const token = (subject: string): Promise<string> => {
    const issued = tokens.get(subject) ?? issuer.issue({ subject, ttlSeconds: 3_600 });
    tokens.set(subject, issued);
    return issued;
  };
  return {
    ...address,
    folder,
    startedIn,
    output,
    ended,
    token,
    client: <Service extends ProtoService>(service: Service, subject: string) => {
      const client = connection.client(service);
      const withToken =
        (method: keyof typeof client) =>
        async (request: never, options: object = {}) =>
          client[method](request, { ...options, token: await token(subject) });
      return Object.fromEntries(
        Object.keys(service.methods).map((method) => [method, withToken(method as keyof typeof client)]),
      ) as ClientOf<Service>;
    },
    async end(signal) {
      const asked = performance.now();
      child.kill(signal);
      const code = await ended;
      return { code, ms: performance.now() - asked };
    },
  };
};
