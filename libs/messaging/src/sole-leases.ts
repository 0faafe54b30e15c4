import type { Leases } from './leases.ts';
import { createTurns } from './turns.ts';

/** The leases of a deployment that is one process. States last as long as the process. */
export const soleLeases = (): Leases => {
  const states = new Map<string, string>();
  const turns = createTurns();
  return {
    async take(name, signal) {
      const giveUp = await turns.take(name, signal);
      return {
        lost: new AbortController().signal,
        state: states.get(name),
        save: async (state) => void states.set(name, state),
        release: async () => giveUp(),
      };
    },
    read: async (name) => states.get(name),
  };
};
