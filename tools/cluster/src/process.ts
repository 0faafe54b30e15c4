import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

export interface ServiceProcessOptions {
  readonly name: string;
  /** The program, and the environment in which it runs. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Starts it again when it dies, after a wait that grows while it does not live for long. */
  readonly restart: boolean;
  say(line: string): void;
}

/** A service's process, kept alive. */
export interface ServiceProcess {
  readonly name: string;
  /** Of the process of the moment; `undefined` between two. */
  readonly pid: number | undefined;
  /** How often it was started. */
  readonly starts: number;
  /** Ends the process of the moment by the signal; with `restart` it comes back. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it for good; resolves with the exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 15_000;
const LIVED_LONG_MS = 30_000;

const byLine = (stream: NodeJS.ReadableStream, take: (line: string) => void): void => {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(line);
  });
  stream.on('end', () => rest !== '' && take(rest));
};

export const startServiceProcess = ({ name, program, env, restart, say }: ServiceProcessOptions): ServiceProcess => {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let starts = 0;

  const live = async (): Promise<number | NodeJS.Signals | null> => {
    const one = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env } });
    child = one;
    starts++;
    byLine(one.stdout, say);
    byLine(one.stderr, say);
    return new Promise((resolve) => {
      one.once('error', (error) => {
        say(`could not be started: ${error.message}`);
        resolve(null);
      });
      one.once('close', (code, signal) => resolve(code ?? signal));
    });
  };
  const keepAlive = async (): Promise<number | NodeJS.Signals | null> => {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, MAX_WAIT_MS)) {
      const began = performance.now();
      const ended = await live();
      child = undefined;
      if (stopping.signal.aborted || !restart) return ended;
      if (performance.now() - began > LIVED_LONG_MS) wait = FIRST_WAIT_MS;
      say(`ended (${ended ?? 'not started'}); it is started again in ${wait / 1_000} s`);
      await pause(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return ended;
    }
  };
  const ended = keepAlive();

  return {
    name,
    get pid() {
      return child?.pid;
    },
    get starts() {
      return starts;
    },
    kill: (signal) => void child?.kill(signal),
    async stop(signal = 'SIGTERM') {
      stopping.abort();
      child?.kill(signal);
      return ended;
    },
  };
};
