import { pause } from '@sanwang/messaging';

/** Does the work again and again, `ms` after it was done, until the signal aborts. What fails is tried again the next time. */
export const every = async (ms: number, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> => {
  while (!signal.aborted) {
    await pause(ms, signal);
    if (!signal.aborted) await work().catch(() => undefined);
  }
};
