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
