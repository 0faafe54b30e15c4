import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isRetriable, Rejection } from '@sanwang/kernel';
import { backoffMs, pause } from './backoff.ts';
import type { Lease, Leases } from './leases.ts';

/** What a register keeps per name. The counter only ever grows; it moves with every exchange. */
export interface LeaseRecord {
  readonly counter: number;
  /** Whose turn it is; `null` once it was given up. */
  readonly holder: string | null;
  readonly state?: string;
}

/** All that a store must do for leases: one record per name, exchanged by comparing its counter. */
export interface LeaseRegister {
  read(name: string): Promise<LeaseRecord | undefined>;
  /** Puts the record in the place of the one with this counter (`undefined`: of none), durably; false when it is another by now. */
  exchange(name: string, counter: number | undefined, record: LeaseRecord): Promise<boolean>;
}

export interface LeasingOptions {
  /** How long (ms) a contender must see the counter unmoved. */
  readonly leaseMs?: number;
}

const lostTo = (name: string): Rejection =>
  new Rejection('unavailable', 'lease-lost', `The lease ${name} is held by another process.`, { facts: { lease: name } });

/** A holder takes itself for dispossessed so much before a contender may come: clocks do not all run at the same pace. */
const MARGIN = 0.1;
const RENEWALS = 4;
const LOOKS = 10;

/**
 * Leases over a register. A holder moves the counter four times in a lease time; it knows that it is dispossessed when an
 * exchange finds another holder, or when it has not moved the counter for nine tenths of the lease time, counted from before the
 * last exchange was sent. Elapsed time is measured by the process's own monotonic clock, which goes on while it is stopped.
 */
export const createLeases = (register: LeaseRegister, { leaseMs = 5_000 }: LeasingOptions = {}): Leases => {
  const lookMs = leaseMs / LOOKS;

  const hold = (name: string, first: LeaseRecord, sentAt: number): Lease => {
    const lost = new AbortController();
    const { holder } = first;
    let record = first;
    let deadline = 0;
    let renewal: NodeJS.Timeout | undefined;
    let expiry: NodeJS.Timeout | undefined;
    let tail: Promise<unknown> = Promise.resolve();
    let uncertain = false;

    const end = (): void => {
      clearTimeout(renewal);
      clearTimeout(expiry);
      lost.abort();
    };
    const moved = (at: number): void => {
      deadline = at + leaseMs * (1 - MARGIN);
      clearTimeout(expiry);
      expiry = setTimeout(end, Math.max(0, deadline - performance.now())).unref();
    };
    /** Moves the counter; after an exchange whose outcome is not known it first looks what came of it. */
    const move = async (change: Partial<LeaseRecord>): Promise<void> => {
      for (;;) {
        if (!lost.signal.aborted && performance.now() >= deadline) end();
        if (lost.signal.aborted) throw lostTo(name);
        const at = performance.now();
        if (uncertain) {
          const found = await register.read(name);
          if (found?.holder !== holder) {
            end();
            continue;
          }
          record = found;
          uncertain = false;
        }
        const next = { ...record, ...change, counter: record.counter + 1 };
        uncertain = true;
        if (await register.exchange(name, record.counter, next)) {
          uncertain = false;
          record = next;
          if (!lost.signal.aborted) moved(at);
          return;
        }
      }
    };
    const inTurn = (change: () => Partial<LeaseRecord>): Promise<void> => {
      const run = tail.then(() => move(change()));
      tail = run.catch(() => undefined);
      return run;
    };
    const unlessLost = async (work: Promise<void>): Promise<void> => {
      const { promise, reject } = Promise.withResolvers<never>();
      const stop = (): void => reject(lostTo(name));
      if (lost.signal.aborted) stop();
      else lost.signal.addEventListener('abort', stop, { once: true });
      try {
        await Promise.race([work, promise]);
      } finally {
        lost.signal.removeEventListener('abort', stop);
      }
    };
    const plan = (): void => {
      renewal = setTimeout(() => {
        void inTurn(() => ({}))
          .catch(() => undefined)
          .finally(() => {
            if (!lost.signal.aborted) plan();
          });
      }, leaseMs / RENEWALS).unref();
    };
    moved(sentAt);
    plan();

    return {
      lost: lost.signal,
      state: first.state,
      save: (state) => unlessLost(inTurn(() => ({ state }))),
      async release() {
        clearTimeout(renewal);
        // Where the store cannot be told, a contender will see the counter unmoved.
        await unlessLost(inTurn(() => ({ holder: null }))).catch(() => undefined);
        end();
      },
    };
  };

  return {
    async take(name, signal) {
      const holder = randomUUID();
      let seen: { readonly counter: number; readonly since: number } | undefined;
      for (let failures = 0; ;) {
        signal.throwIfAborted();
        try {
          const at = performance.now();
          const found = await register.read(name);
          // An exchange of ours whose answer got lost.
          if (found?.holder === holder) seen = undefined;
          else if (found && found.holder !== null) {
            if (seen?.counter !== found.counter) seen = { counter: found.counter, since: performance.now() };
            if (at - seen.since < leaseMs) {
              failures = 0;
              await delay(lookMs, undefined, { signal }).catch(() => undefined);
              continue;
            }
          }
          const record: LeaseRecord = {
            counter: (found?.counter ?? 0) + 1,
            holder,
            ...(found?.state !== undefined && { state: found.state }),
          };
          const sentAt = performance.now();
          if (!(await register.exchange(name, found?.counter, record))) continue;
          const lease = hold(name, record, sentAt);
          if (!signal.aborted) return lease;
          await lease.release();
        } catch (error) {
          signal.throwIfAborted();
          if (!isRetriable(error)) throw error;
          await pause(backoffMs(failures++, { firstMs: lookMs / 2, maxMs: lookMs * 4 }), signal);
        }
      }
    },
    read: async (name) => (await register.read(name))?.state,
  };
};
