import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { startHost, type Host } from '@sanwang/platform';
import { readEmbeddedConfig } from '@sanwang/service';
import { createLogger } from '@sanwang/telemetry';
import { answerParent, startChild, type Child } from './child.ts';

// The whole platform in a process of its own, as `npm start` runs it, but on any free port and without a limit of calls.

let host: Host | undefined;
let session: Session | undefined;
const running = (): Host => {
  if (!host) throw new Error('the platform was not started');
  return host;
};
const relays = () => running().services.flatMap(({ relay }) => (relay ? [relay] : []));

const handlers = {
  async start({ folder }: { folder: string }) {
    const config = readEmbeddedConfig({ SANWANG_DATA: folder, SANWANG_HTTP_PORT: '0', SANWANG_GRPC_PORT: '0', SANWANG_RATE_LIMIT: '0' });
    host = await startHost({ config, logger: createLogger({ level: 'warn', destination: process.stderr }) });
    return { http: host.door!.http };
  },
  log: () => running().ports.store.stats(),
  async hold() {
    for (const relay of relays()) await relay.hold();
  },
  release() {
    for (const relay of relays()) relay.release();
  },
  settle: ({ seconds }: { seconds: number }) => running().settle(Date.now() + seconds * 1000),
  /** Builds a model anew beside the live one; `seconds` is all of it, from the thread's start to the exchange. */
  async rebuild({ context, name }: { context: string; name: string }) {
    const model = running()
      .services.flatMap(({ models }) => models)
      .find(({ definition }) => definition.context === context && definition.name === name)!;
    const begun = performance.now();
    const { events } = await running().rebuilding.rebuild(model.definition, { takeOver: model.takeOver });
    return { events, seconds: (performance.now() - begun) / 1000 };
  },
  async startProfile() {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  },
  async stopProfile({ path }: { path: string }) {
    if (!session) return;
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    await writeFile(path, JSON.stringify(profile));
  },
  async stop() {
    await host?.drain();
  },
};

export type PlatformProcess = Child<typeof handlers>;

/** Starts the platform on a folder; answers where REST listens. */
export const startPlatform = async (folder: string): Promise<{ process: PlatformProcess; http: string; stop(): Promise<void> }> => {
  const child = startChild<typeof handlers>(new URL(import.meta.url));
  const { http } = await child.ask('start', { folder });
  return {
    process: child,
    http,
    async stop() {
      await child.ask('stop', undefined);
      await child.stop();
    },
  };
};

/** Runs `work` and leaves a CPU profile of the platform's process in `path`; without a path it only runs it. */
export const profiled = async <T>(process: PlatformProcess, path: string | undefined, work: () => Promise<T>): Promise<T> => {
  if (path === undefined) return work();
  await process.ask('startProfile', undefined);
  const result = await work();
  await process.ask('stopProfile', { path });
  return result;
};

if (process.send && process.argv[1] === import.meta.filename) answerParent(handlers);
