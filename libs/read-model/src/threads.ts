import { Worker } from 'node:worker_threads';

/** Worker threads that wait a while for their next job: loading its modules takes longer than most jobs. */
export interface RebuildThreads {
  take(): Worker;
  giveBack(worker: Worker): void;
  close(): Promise<void>;
}

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

/** Folding makes much garbage that lives for a batch: a larger young generation keeps it out of the old one. */
export const newWorker = (): Worker =>
  new Worker(new URL('./rebuild-worker.ts', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: 96 } });
