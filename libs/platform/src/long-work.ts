import { notFound, Rejection, uuidv7 } from '@sanwang/kernel';
import type { Operation } from '@sanwang/contracts/operations';

/** What long work tells while it goes on; any part may be left out. */
export type Progress = (now: { readonly done?: number; readonly total?: number; readonly step?: string }) => void;
export type Outcome = Partial<Pick<Operation, 'hashes' | 'findings' | 'result'>>;

/** Long work of this process: started at once, asked for its progress, its result kept until the process ends. */
export interface LongWork {
  /** One piece of work at a time per kind; a second is refused with `failed-precondition/operation-running`. */
  start(kind: string, work: (progress: Progress, signal: AbortSignal) => Promise<Outcome>): Operation;
  get(id: string): Operation;
  /** Calls off what runs and resolves when nothing does any more. */
  stop(): Promise<void>;
}

/** Finished work that is kept for those who ask. */
const KEPT = 100;

export const createLongWork = (onFailure: (kind: string, error: unknown) => void): LongWork => {
  const operations = new Map<string, Operation>();
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  return {
    start(kind, work) {
      if (running.has(kind)) {
        throw new Rejection('failed-precondition', 'operation-running', `A ${kind} is already running.`);
      }
      const operation: Operation = {
        id: uuidv7(),
        kind,
        state: 'running',
        done: 0,
        total: 0,
        step: '',
        error: '',
        hashes: [],
        findings: [],
        result: '',
      };
      operations.set(operation.id, operation);
      for (const id of operations.keys()) {
        if (operations.size <= KEPT) break;
        if (operations.get(id)!.state !== 'running') operations.delete(id);
      }
      const done = work((now) => void Object.assign(operation, now), stopping.signal)
        .then((outcome) => void Object.assign(operation, outcome, { state: 'done' }))
        .catch((error: unknown) => {
          operation.state = 'failed';
          operation.error = error instanceof Rejection ? `${error.reason}: ${error.message}` : 'internal: see the log';
          if (!stopping.signal.aborted) onFailure(kind, error);
        })
        .finally(() => running.delete(kind));
      running.set(kind, done);
      return operation;
    },
    get(id) {
      const operation = operations.get(id);
      if (!operation) throw notFound('operation', id);
      return operation;
    },
    async stop() {
      stopping.abort(new Rejection('unavailable', 'stopping', 'The platform stops; start the work again afterwards.'));
      await Promise.all(running.values());
    },
  };
};
