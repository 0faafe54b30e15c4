import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type Handlers = Readonly<Record<string, (args: never) => unknown>>;
type Argument<Handler> = Handler extends (args: infer Args) => unknown ? Args : never;
type Result<Handler> = Handler extends (args: never) => infer Value ? Awaited<Value> : never;

/** A process of its own, asked by messages, so that its CPU can be told from that of the load. */
export interface Child<Known extends Handlers> {
  readonly pid: number;
  ask<Kind extends keyof Known & string>(kind: Kind, args: Argument<Known[Kind]>): Promise<Result<Known[Kind]>>;
  /** Seconds of CPU that the process has used since it began. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

const CPU = 'cpu';
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

interface Question {
  readonly id: number;
  readonly kind: string;
  readonly args: unknown;
}
interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** In the child: answers questions until the parent goes. */
export const answerParent = (handlers: Handlers): void => {
  process.on('message', ({ id, kind, args }: Question) => {
    const answer = async (): Promise<Reply> => {
      try {
        return { id, value: kind === CPU ? cpuSeconds() : await (handlers[kind] as (given: unknown) => unknown)(args) };
      } catch (error) {
        return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      }
    };
    void answer().then((reply) => process.send?.(reply));
  });
  process.on('disconnect', () => process.exit());
};

/** Starts `module` (a URL) as a child. */
export const startChild = <Known extends Handlers>(module: URL): Child<Known> => {
  const forked: ChildProcess = fork(fileURLToPath(module), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const exited = new Promise<void>((resolve) => forked.once('exit', () => resolve()));
  let asked = 0;
  forked.on('message', ({ id, value, error }: Reply) => {
    const question = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) question?.resolve(value);
    else question?.reject(new Error(error));
  });
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the measured process ended'));
  });
  const ask = (kind: string, args?: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++asked;
      waiting.set(id, { resolve, reject });
      forked.send({ id, kind, args } satisfies Question);
    });
  return {
    pid: forked.pid!,
    ask: ask as Child<Known>['ask'],
    cpu: () => ask(CPU) as Promise<number>,
    async stop() {
      forked.disconnect();
      await exited;
    },
  };
};
