import { Rejection } from '@sanwang/kernel';
import type { Interceptor } from './endpoint.ts';

export interface RateLimit {
  /** Calls per second that a principal may make in the long run. */
  readonly perSecond: number;
  /** Calls that it may make at once after a pause. */
  readonly burst: number;
  /** Milliseconds, monotonic; `performance.now` when absent. */
  readonly now?: () => number;
  /** Principals without a limit, e.g. services. */
  readonly exempt?: (subject: string) => boolean;
}

const MAX_BUCKETS = 10_000;

/** A token bucket per principal, in memory. Beyond it: `resource-exhausted/rate-limited` with the fact `retryAfterSeconds`. */
export const rateLimit = ({
  perSecond,
  burst,
  now = () => performance.now(),
  exempt = () => false,
}: RateLimit): Interceptor & { /** Counts one call that goes past the endpoints. */ take(subject: string): void } => {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const take = (subject: string): void => {
    const at = now();
    const bucket = buckets.get(subject);
    const tokens = bucket ? Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond) : burst;
    buckets.delete(subject);
    if (tokens < 1) {
      buckets.set(subject, { tokens, at });
      const retryAfterSeconds = Math.ceil((1 - tokens) / perSecond);
      throw new Rejection('resource-exhausted', 'rate-limited', `Too many calls; try again in ${retryAfterSeconds} s.`, {
        facts: { retryAfterSeconds },
      });
    }
    buckets.set(subject, { tokens: tokens - 1, at });
    // The map is in order of last use: what is dropped has rested longest and is the nearest to full.
    if (buckets.size > MAX_BUCKETS) buckets.delete(buckets.keys().next().value!);
  };
  const takeUnlessExempt = (subject: string): void => {
    if (!exempt(subject)) take(subject);
  };
  const interceptor: Interceptor = (next) => async (invocation) => {
    takeUnlessExempt(invocation.call.principal.subject);
    return next(invocation);
  };
  return Object.assign(interceptor, { take: takeUnlessExempt });
};
