import { parentPort, type MessagePort } from 'node:worker_threads';
import type { Keys } from '@sanwang/event-store';
import { compareWithLog, type Compared, type FrozenModel } from './compare.ts';
import type { LogSources, RebuildProgress } from './making.ts';
import { consumerName } from './projection.ts';
import { rebuildAll } from './rebuild.ts';
import type { ModelDefinition, ModelStore } from './port.ts';
import { fromWire, toWire, type MainCalls, type MainMessage, type RebuildJob, type WorkerMessage } from './worker-messages.ts';

/** What an opener hands to the worker: everything opened anew in this thread, nothing of it writable but the model stores. */
export interface RebuildHost {
  /** All models of the deployment. */
  readonly definitions: readonly ModelDefinition[];
  /** A store over the deployment's models of which only new generations are written; closed before they are swapped in. */
  openStore(): ModelStore;
  /** The live generation of a model as it is now. */
  freeze(definition: ModelDefinition): Promise<FrozenModel>;
  readonly keys: Pick<Keys, 'find'>;
  readonly sources: LogSources;
  close(): Promise<void>;
}
export type RebuildOpener = (args: unknown) => Promise<RebuildHost>;

/** Progress is reported at most this often, in ms. */
const REPORT_EVERY = 100;

/** The main thread's side of the work, by messages: its answers, and `signal`, which aborts when it calls the job off. */
const mainThread = (port: MessagePort): MainCalls & { readonly signal: AbortSignal; close(): void } => {
  const calledOff = new AbortController();
  const waiting = new Map<number, PromiseWithResolvers<never>>();
  const hear = (message: MainMessage): void => {
    if (message.kind === 'job') throw new Error('a thread does one job at a time');
    if (message.kind === 'stop') {
      calledOff.abort();
      for (const { reject } of waiting.values()) reject(calledOff.signal.reason);
      return waiting.clear();
    }
    const { id, value, error } = message;
    if (error) waiting.get(id)?.reject(fromWire(error));
    else waiting.get(id)?.resolve(value as never);
    waiting.delete(id);
  };
  port.on('message', hear);
  let calls = 0;
  const call =
    <Name extends keyof MainCalls>(name: Name) =>
    (...args: Parameters<MainCalls[Name]>): Promise<never> => {
      if (calledOff.signal.aborted) return Promise.reject(calledOff.signal.reason as Error);
      const id = ++calls;
      const answer = Promise.withResolvers<never>();
      waiting.set(id, answer);
      port.postMessage({ kind: 'call', id, call: { name, args } });
      return answer.promise;
    };
  return {
    ends: call('ends'),
    created: call('created'),
    standStill: call('standStill'),
    exchange: call('exchange'),
    hold: call('hold'),
    release: call('release'),
    signal: calledOff.signal,
    close: () => void port.off('message', hear),
  };
};

const work = async (port: MessagePort, job: RebuildJob): Promise<{ readonly events: number; readonly compared: readonly Compared[] }> => {
  const main = mainThread(port);
  const module = (await import(job.opener.module)) as Record<string, RebuildOpener>;
  const host = await module[job.opener.name]!(job.opener.args);
  const stores = new Map<string, ModelStore>();
  try {
    const definitions = job.models.map((name) => {
      const found = host.definitions.find((definition) => consumerName(definition) === name);
      if (!found) throw new Error(`the opener knows no model ${name}`);
      return found;
    });
    let reported = 0;
    let lastStep = '';
    const report = (progress: RebuildProgress & { readonly step: string }): void => {
      if (progress.done < progress.total && progress.step === lastStep && Date.now() - reported < REPORT_EVERY) return;
      reported = Date.now();
      lastStep = progress.step;
      port.postMessage({ kind: 'progress', progress } satisfies WorkerMessage);
    };
    const storeOf = (definition: ModelDefinition): ModelStore => {
      const name = consumerName(definition);
      const store = stores.get(name) ?? host.openStore();
      stores.set(name, store);
      return store;
    };
    const finished = new Map<string, string>();
    /** One store per model, so that a finished one can be closed while the others are still written. */
    const store: ModelStore = {
      ...host.openStore(),
      async create(definition) {
        const made = await storeOf(definition).create(definition);
        await main.created(consumerName(definition), made.generation);
        return made;
      },
      async unfinished(definition) {
        const left = await storeOf(definition).unfinished(definition);
        if (left) await main.created(consumerName(definition), left.generation);
        return left;
      },
      // The exchange is the main thread's: its readers must see it.
      swap: async (definition, generation) => {
        finished.set(consumerName(definition), generation);
        await storeOf(definition).close();
      },
      // What was handed over may be live by now: it is the main thread's to discard.
      discard: async (definition, generation) => {
        if (!finished.has(consumerName(definition))) await storeOf(definition).discard(definition, generation);
      },
    };
    if (job.compare) {
      const compared = await compareWithLog({
        definitions,
        store,
        keys: host.keys,
        sources: host.sources,
        freeze: (definition) => host.freeze(definition),
        signal: main.signal,
        release: () => main.release(),
        async hold(reached) {
          const { upTo, behind } = await main.hold(reached);
          return { upTo, behind: new Map([...behind].map(([model, error]) => [model, fromWire(error)])) };
        },
        onProgress: report,
      });
      return { events: 0, compared };
    }
    const steps = definitions.length === 1 ? consumerName(definitions[0]!) : 'models from the log';
    const { events } = await rebuildAll({
      definitions,
      store,
      keys: host.keys,
      sources: { ...host.sources, ends: (context) => main.ends(context) },
      signal: main.signal,
      onProgress: (progress) => report({ ...progress, step: steps }),
      async takeOver(definition, swap) {
        const model = consumerName(definition);
        await main.standStill(model);
        await swap();
        await main.exchange(model, finished.get(model)!);
      },
    });
    return { events, compared: [] };
  } finally {
    main.close();
    for (const store of stores.values()) await store.close();
    await host.close();
  }
};

/** Waits for a job; after one that failed the thread is ended from outside. */
const nextJob = (port: MessagePort): void => {
  const send = (message: WorkerMessage): void => port.postMessage(message);
  port.once('message', (message: MainMessage) => {
    if (message.kind !== 'job') return nextJob(port);
    work(port, message.job).then(
      ({ events, compared }) => {
        nextJob(port);
        send({ kind: 'done', events, compared: compared.map((one) => ('error' in one ? { ...one, error: toWire(one.error) } : one)) });
      },
      (error: unknown) => send({ kind: 'failed', error: toWire(error) }),
    );
  });
};

if (parentPort) nextJob(parentPort);
