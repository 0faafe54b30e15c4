import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds of the first wait and of the longest. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}
export const DEFAULT_BACKOFF: Backoff = { firstMs: 50, maxMs: 5_000 };

/** The wait before attempt `attempt` (from 0): exponential, bounded, with jitter over its upper half. */
export const backoffMs = (attempt: number, { firstMs, maxMs }: Backoff = DEFAULT_BACKOFF): number => {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + Math.random() / 2);
};

/** Waits; comes back at once when the signal aborts, and never throws. */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delay(ms, undefined, { signal }).catch(() => undefined);
};

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * A controller that aborts when one of its parents does, for the same reason; `release` lets go of them. Instead of `AbortSignal.any`, which
 * loses an abort when a source is collected first, and piles up on a source that lives long (Node 24).
 */
export const linkedController = (...parents: readonly AbortSignal[]): { readonly signal: AbortSignal; abort(): void; release(): void } => {
  const controller = new AbortController();
  const follow = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  const release = (): void => {
    for (const parent of parents) parent.removeEventListener('abort', follow);
  };
  for (const parent of parents) {
    if (parent.aborted) controller.abort(parent.reason);
    else parent.addEventListener('abort', follow, { once: true });
  }
  return { signal: controller.signal, abort: () => controller.abort(), release };
};
