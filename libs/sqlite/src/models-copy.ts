import { statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** Up to this size, in bytes, a file is copied sooner than a thread is started. */
const SMALL = 4_000_000;

/** A model's file written anew beside it: the copy has none of the stale bytes that lie in the free space of its pages. */
export const copyClean = async (from: string, to: string): Promise<void> => {
  await rm(to, { force: true });
  if (statSync(from).size <= SMALL) vacuumInto(from, to);
  else await inThread(from, to);
  const handle = await open(to, 'r+');
  await handle.sync().finally(() => handle.close());
};

const vacuumInto = (from: string, to: string): void => {
  const database = new DatabaseSync(from, { readOnly: true });
  try {
    // Nothing of a model goes into files elsewhere.
    database.exec('PRAGMA temp_store = MEMORY');
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
};

interface Copying {
  readonly copyClean: { readonly from: string; readonly to: string };
}
const inThread = (from: string, to: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { copyClean: { from, to } } satisfies Copying });
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });

if (!isMainThread) {
  const { copyClean: job } = (workerData ?? {}) as Partial<Copying>;
  if (job) vacuumInto(job.from, job.to);
}
