import { Worker } from 'node:worker_threads';
import type { ModelHash } from './hash.ts';
import type { Rebuilt, RebuildProgress, TopicEnds } from './rebuild.ts';
import type { ModelDefinition, ModelStore } from './port.ts';

/** What the worker thread is told: functions cannot be sent to it, so it imports an opener by name. */
export interface RebuildJob {
  /** URL of a module and the name of its export, a `RebuildOpener`, which is called with `args`. */
  readonly opener: { readonly module: string; readonly name: string; readonly args: unknown };
  readonly model: string;
  readonly aside: boolean;
  readonly upTo?: readonly (readonly [string, number])[];
}
/** From the worker. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: RebuildProgress }
  | { readonly kind: 'ends'; readonly call: number; readonly context: string }
  | { readonly kind: 'created'; readonly generation: string }
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'done'; readonly result: Rebuilt | ModelHash }
  | { readonly kind: 'failed'; readonly error: Error };
/** To the worker. */
export type MainMessage =
  | { readonly kind: 'job'; readonly job: RebuildJob }
  | { readonly kind: 'ends'; readonly call: number; readonly ends: TopicEnds }
  | { readonly kind: 'finish' };

/** Worker threads that wait a while for their next job: loading its modules takes longer than most jobs. */
export interface RebuildThreads {
  take(): Worker;
  giveBack(worker: Worker): void;
  close(): Promise<void>;
}

const newWorker = (): Worker => new Worker(new URL('./rebuild-worker.ts', import.meta.url));

/** By name: a worker has listeners of its own. */
const detach = (worker: Worker): void => {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
};

/** Keeps a thread for `idleMs` after its job; an idle one does not keep the process alive. */
export const createRebuildThreads = (idleMs = 5_000): RebuildThreads => {
  const idle = new Map<Worker, NodeJS.Timeout>();
  const forget = (worker: Worker): void => {
    clearTimeout(idle.get(worker));
    idle.delete(worker);
  };
  return {
    take() {
      const [worker] = idle.keys();
      if (!worker) return newWorker();
      forget(worker);
      detach(worker);
      worker.ref();
      return worker;
    },
    giveBack(worker) {
      detach(worker);
      worker.once('exit', () => forget(worker));
      worker.once('error', () => forget(worker));
      worker.unref();
      idle.set(worker, setTimeout(() => void worker.terminate(), idleMs).unref());
    },
    async close() {
      const workers = [...idle.keys()];
      workers.forEach(forget);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
};

interface ThreadOptions {
  readonly store: ModelStore;
  readonly opener: RebuildJob['opener'];
  readonly definition: ModelDefinition;
  /** The bus belongs to the main thread, so the worker asks there. */
  ends(context: string): Promise<TopicEnds>;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
  /** Where the thread comes from and goes back to; without, it is made for this job alone. */
  readonly threads?: RebuildThreads;
}

const runWorker = async (
  options: ThreadOptions,
  rest: Pick<RebuildJob, 'aside' | 'upTo'>,
  caughtUp: (finish: () => Promise<Rebuilt>) => Promise<void>,
): Promise<Rebuilt | ModelHash> => {
  const job: RebuildJob = { opener: options.opener, model: options.definition.name, ...rest };
  const worker = options.threads?.take() ?? newWorker();
  const send = (message: MainMessage): void => worker.postMessage(message);
  const stop = (): void => void worker.terminate();
  options.signal?.addEventListener('abort', stop, { once: true });

  let generation: string | undefined;
  const finished = new Promise<Rebuilt | ModelHash>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', () => reject(options.signal?.reason ?? new Error('The rebuild worker ended before its work was done.')));
    worker.on('message', (message: WorkerMessage) => {
      switch (message.kind) {
        case 'progress':
          return options.onProgress?.(message.progress);
        case 'ends':
          return void options.ends(message.context).then((ends) => send({ kind: 'ends', call: message.call, ends }), reject);
        case 'created':
          generation = message.generation;
          return;
        case 'caught-up':
          return void caughtUp(() => {
            send({ kind: 'finish' });
            return finished as Promise<Rebuilt>;
          }).catch(reject);
        case 'failed':
          return reject(message.error);
        case 'done':
          return resolve(message.result);
      }
    });
  });
  send({ kind: 'job', job });
  try {
    const result = await finished;
    if (options.threads) options.threads.giveBack(worker);
    else await worker.terminate();
    return result;
  } catch (error) {
    await worker.terminate();
    if (generation) await options.store.discard(options.definition, generation);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
};

/**
 * `rebuild` in a worker thread, for stores whose writes would hold up this one. The worker's opener opens log, keys and models
 * by itself; the finished generation is swapped in here, by name.
 */
export const rebuildInThread = async (
  options: ThreadOptions & { readonly takeOver?: (swap: () => Promise<void>) => Promise<void> },
): Promise<Rebuilt> => {
  const takeOver = options.takeOver ?? ((swap) => swap());
  let exchange: Promise<void> = Promise.resolve();
  const result = (await runWorker(options, { aside: false }, (finish) => {
    exchange = takeOver(async () => {
      const { generation } = await finish();
      await options.store.swap(options.definition, generation);
    });
    return exchange;
  })) as Rebuilt;
  await exchange;
  return result;
};

/** `rebuildAside` in a worker thread. */
export const rebuildAsideInThread = async (options: ThreadOptions & { readonly upTo?: ReadonlyMap<string, number> }): Promise<ModelHash> =>
  (await runWorker(options, { aside: true, ...(options.upTo ? { upTo: [...options.upTo] } : {}) }, async () => undefined)) as ModelHash;
