import { parentPort, type MessagePort } from 'node:worker_threads';
import type { Keys } from '@sanwang/event-store';
import { rebuild, rebuildAside, type RebuildSources, type TopicEnds } from './rebuild.ts';
import type { MainMessage, RebuildJob, WorkerMessage } from './rebuild-thread.ts';
import type { ModelDefinition, ModelStore } from './port.ts';

/** What an opener hands to the worker: everything opened anew in this thread, nothing of it writable but the model store. */
export interface RebuildHost {
  readonly definitions: readonly ModelDefinition[];
  readonly store: ModelStore;
  readonly keys: Pick<Keys, 'find'>;
  readonly sources: Omit<RebuildSources, 'ends'>;
  close(): Promise<void>;
}
export type RebuildOpener = (args: unknown) => Promise<RebuildHost>;

/** Progress is reported at most this often, in ms. */
const REPORT_EVERY = 100;

const work = async (port: MessagePort, job: RebuildJob): Promise<void> => {
  const send = (message: WorkerMessage): void => port.postMessage(message);
  const answers = new Map<number, (ends: TopicEnds) => void>();
  let calls = 0;
  let finish: () => void = () => undefined;
  const finishing = new Promise<void>((resolve) => (finish = resolve));
  const hear = (message: MainMessage): void => {
    switch (message.kind) {
      case 'job':
        throw new Error('a thread does one job at a time');
      case 'ends':
        return answers.get(message.call)?.(message.ends);
      case 'finish':
        return finish();
    }
  };
  port.on('message', hear);
  const ends = (context: string): Promise<TopicEnds> =>
    new Promise((resolve) => {
      answers.set(++calls, resolve);
      send({ kind: 'ends', call: calls, context });
    });

  const done = (result: Extract<WorkerMessage, { kind: 'done' }>['result']): void => {
    port.off('message', hear);
    send({ kind: 'done', result });
    nextJob(port);
  };

  const module = (await import(job.opener.module)) as Record<string, RebuildOpener>;
  const host = await module[job.opener.name]!(job.opener.args);
  try {
    const definition = host.definitions.find(({ name }) => name === job.model);
    if (!definition) throw new Error(`the opener knows no model ${job.model}`);
    let reported = 0;
    const store: ModelStore = {
      ...host.store,
      async create(of) {
        const created = await host.store.create(of);
        send({ kind: 'created', generation: created.generation });
        return created;
      },
      // The exchange is the main thread's: its readers must see it.
      swap: async () => undefined,
    };
    const options = {
      definition,
      store,
      keys: host.keys,
      sources: { ...host.sources, ends },
      onProgress: (progress: Parameters<NonNullable<Parameters<typeof rebuild>[0]['onProgress']>>[0]) => {
        if (progress.done < progress.total && Date.now() - reported < REPORT_EVERY) return;
        reported = Date.now();
        send({ kind: 'progress', progress });
      },
    };
    if (job.aside) {
      const result = await rebuildAside({ ...options, ...(job.upTo ? { upTo: new Map(job.upTo) } : {}) });
      await host.close();
      done(result);
      return;
    }
    const result = await rebuild({
      ...options,
      takeOver: async (swap) => {
        send({ kind: 'caught-up' });
        await finishing;
        await swap();
      },
    });
    await host.close();
    done(result);
  } catch (error) {
    await host.close();
    throw error;
  }
};

/** Waits for a job; after one that failed the thread is ended from outside. */
const nextJob = (port: MessagePort): void => {
  port.once('message', (message: MainMessage) => {
    if (message.kind !== 'job') return nextJob(port);
    work(port, message.job).catch((error: unknown) =>
      port.postMessage({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }),
    );
  });
};

if (parentPort) nextJob(parentPort);
