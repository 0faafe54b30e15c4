import { aborted, linkedController } from './backoff.ts';

/** What one has at a time, by name, inside one process. */
export interface Turns {
  /** Waits until all before have given theirs up; resolves with what gives ours up. Rejects with the signal's reason when it aborts before. */
  take(name: string, signal: AbortSignal): Promise<() => void>;
}

export const createTurns = (): Turns => {
  const last = new Map<string, Promise<void>>();
  return {
    async take(name, signal) {
      signal.throwIfAborted();
      const before = last.get(name) ?? Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      const mine = before.then(() => promise);
      last.set(name, mine);
      void mine.then(() => {
        if (last.get(name) === mine) last.delete(name);
      });
      const waiting = linkedController(signal);
      await Promise.race([before, aborted(waiting.signal)]);
      waiting.release();
      if (!signal.aborted) return resolve;
      resolve();
      throw signal.reason;
    },
  };
};
