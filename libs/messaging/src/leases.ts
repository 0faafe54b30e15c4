import { linkedController } from './backoff.ts';

/**
 * Rights that one process of the deployment holds at a time, such as publishing a context's events or firing its timers.
 * Nobody's wall clock counts: a holder keeps moving a counter, and a contender takes over only after it has seen the counter
 * unmoved for the lease time on its own monotonic clock.
 */
export interface Leases {
  /**
   * Waits until the lease of this name is ours; rejects with the signal's reason when it aborts before. A store that is away is
   * waited out.
   */
  take(name: string, signal: AbortSignal): Promise<Lease>;
  /** The state last saved under the name, by whichever holder; `undefined` when there is none. */
  read(name: string): Promise<string | undefined>;
}

/**
 * Does the work whenever the lease is ours, until the signal aborts. The work ends when its own signal aborts: the lease is lost,
 * or given up. Rejects with what the work throws.
 */
export const whileHeld = async (
  leases: Leases,
  name: string,
  signal: AbortSignal,
  work: (until: AbortSignal, lease: Lease) => Promise<void>,
): Promise<void> => {
  while (!signal.aborted) {
    const lease = await leases.take(name, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!lease) return;
    const until = linkedController(signal, lease.lost);
    try {
      await work(until.signal, lease);
    } finally {
      until.release();
      await lease.release().catch(() => undefined);
    }
  }
};

export interface Lease {
  /** Aborts when the lease is no longer ours, at the latest when a contender could have taken it. */
  readonly lost: AbortSignal;
  /** What the holder before saved. */
  readonly state: string | undefined;
  /**
   * Saves a short text with the lease, durable when the promise resolves. It compares the counter: once another has taken over,
   * it fails with `unavailable/lease-lost` and changes nothing.
   */
  save(state: string): Promise<void>;
  /** Gives the lease up, so that a contender need not wait. */
  release(): Promise<void>;
}
