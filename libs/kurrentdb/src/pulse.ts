import type { Rejection } from '@sanwang/kernel';
import { tooSlow } from './failures.ts';

/** Tells a connection on which nobody answers any more from a single slow call. */
export interface Pulse {
  /** Something came from the server. */
  heard(): void;
  /** A call waited in vain. When nothing else came either in the meantime, the connection is given up. */
  waitedInVain(): void;
  /** Calls back when the connection is given up, which may be often; returns what ends it. */
  onGivenUp(listener: (why: Rejection) => void): () => void;
}

export const createPulse = (where: string, deadlineMs: number): Pulse => {
  const listeners = new Set<(why: Rejection) => void>();
  let heardAt = performance.now();
  return {
    heard: () => void (heardAt = performance.now()),
    waitedInVain() {
      // A timer may fire a little early.
      if (performance.now() - heardAt < deadlineMs * 0.9) return;
      heardAt = performance.now();
      for (const listener of [...listeners]) listener(tooSlow(where, deadlineMs));
    },
    onGivenUp(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
