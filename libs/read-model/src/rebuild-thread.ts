import type { Compared, Held } from './compare.ts';
import type { Heads, RebuildProgress, TopicEnds } from './making.ts';
import { consumerName } from './projection.ts';
import type { TakeOver } from './rebuild.ts';
import type { ModelDefinition, ModelStore } from './port.ts';
import { newWorker, type RebuildThreads } from './threads.ts';
import { fromWire, toWire, type MainCalls, type MainMessage, type RebuildJob, type WorkerMessage } from './worker-messages.ts';

interface ThreadOptions {
  readonly store: ModelStore;
  readonly opener: RebuildJob['opener'];
  readonly definitions: readonly ModelDefinition[];
  readonly onProgress?: (progress: RebuildProgress & { readonly step: string }) => void;
  readonly signal?: AbortSignal;
  /** Where the thread comes from and goes back to; without, it is made for this job alone. */
  readonly threads?: RebuildThreads;
}
interface Outcome {
  readonly events: number;
  readonly compared: readonly Compared[];
}

/**
 * Runs the job in a worker thread and answers its calls. What it made and nobody swapped in is discarded when it fails; what a
 * rebuild made that was called off is left for the next one.
 */
const runWorker = async (options: ThreadOptions, compare: boolean, calls: Omit<MainCalls, 'created'>): Promise<Outcome> => {
  const { store, definitions, opener } = options;
  const job: RebuildJob = { opener, compare, models: definitions.map(consumerName) };
  const worker = options.threads?.take() ?? newWorker();
  const send = (message: MainMessage): void => worker.postMessage(message);
  // A thread that is ended in the middle of its work can take the process with it.
  const stop = (): void => send({ kind: 'stop' });
  options.signal?.addEventListener('abort', stop, { once: true });
  const generations = new Map<string, string>();
  const all: MainCalls = { ...calls, created: async (model, generation) => void generations.set(model, generation) };

  try {
    const outcome = await new Promise<Outcome>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', () => reject(options.signal?.reason ?? new Error('The rebuild worker ended before its work was done.')));
      worker.on('message', (message: WorkerMessage) => {
        switch (message.kind) {
          case 'progress':
            return options.onProgress?.(message.progress);
          case 'call': {
            const { id, call } = message;
            const answer = all[call.name] as (...args: readonly unknown[]) => Promise<unknown>;
            return void answer(...call.args).then(
              (value) => send({ kind: 'answer', id, value }),
              (error: unknown) => send({ kind: 'answer', id, error: toWire(error) }),
            );
          }
          case 'failed':
            return reject(options.signal?.aborted ? options.signal.reason : fromWire(message.error));
          case 'done':
            return resolve({
              events: message.events,
              compared: message.compared.map((one) => ('error' in one ? { ...one, error: fromWire(one.error) } : one)),
            });
        }
      });
      send({ kind: 'job', job });
    });
    if (options.threads) options.threads.giveBack(worker);
    else await worker.terminate();
    return outcome;
  } catch (error) {
    await worker.terminate();
    for (const definition of compare || !options.signal?.aborted ? definitions : []) {
      const generation = generations.get(consumerName(definition));
      if (generation !== undefined) await store.discard(definition, generation);
    }
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
};

const unasked = async (): Promise<never> => {
  throw new Error('The rebuild worker asked for something that its job has no use for.');
};

/**
 * `rebuildAll` in a worker thread, for stores whose writes would hold up this one: one worker, one reading of the log. Its
 * opener opens log, keys and models by itself; finished generations are swapped in here, by name.
 */
export const rebuildInThread = async (
  options: ThreadOptions & { ends(context: string): Promise<TopicEnds>; readonly takeOver?: TakeOver },
): Promise<{ readonly events: number }> => {
  const takeOver: TakeOver = options.takeOver ?? ((_definition, swap) => swap());
  const definitionOf = (model: string): ModelDefinition => options.definitions.find((definition) => consumerName(definition) === model)!;
  const standing = new Map<string, { readonly finished: PromiseWithResolvers<string>; readonly over: Promise<void> }>();
  try {
    const { events } = await runWorker(options, false, {
      ends: (context) => options.ends(context),
      standStill: (model) =>
        new Promise((resolve, reject) => {
          const finished = Promise.withResolvers<string>();
          const over = takeOver(definitionOf(model), async () => {
            resolve();
            await options.store.swap(definitionOf(model), await finished.promise);
          });
          finished.promise.catch(() => undefined);
          over.then(() => reject(new Error(`${model} was not swapped.`)), reject);
          standing.set(model, { finished, over });
        }),
      async exchange(model, generation) {
        const { finished, over } = standing.get(model)!;
        finished.resolve(generation);
        await over;
        standing.delete(model);
      },
      hold: unasked,
      release: unasked,
    });
    return { events };
  } catch (error) {
    // Whoever stands still for a worker that is gone goes on with what he had.
    for (const { finished, over } of standing.values()) {
      finished.reject(error);
      await over.catch(() => undefined);
    }
    throw error;
  }
};

/** `compareWithLog` in a worker thread; relays and consumers are held here. */
export const compareInThread = async (
  options: ThreadOptions & { hold(reached: Heads): Promise<Held>; release(): Promise<void> },
): Promise<readonly Compared[]> => {
  try {
    const { compared } = await runWorker(options, true, {
      ends: unasked,
      standStill: unasked,
      exchange: unasked,
      async hold(reached) {
        const { upTo, behind } = await options.hold(reached);
        return { upTo, behind: new Map([...behind].map(([model, error]) => [model, toWire(error)])) };
      },
      release: () => options.release(),
    });
    return compared;
  } finally {
    await options.release();
  }
};
