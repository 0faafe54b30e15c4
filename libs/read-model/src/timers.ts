import type { Clock, Instant } from '@sanwang/kernel';
import type { ModelReader } from './port.ts';
import type { StreamTimers } from './timers-model.ts';

export interface TimersOptions {
  readonly reader: ModelReader<StreamTimers>;
  readonly clock: Clock;
  /** Sends the timer's command with the key hash(stream, name, due); firing again changes nothing. */
  fire(stream: string, name: string, due: Instant): Promise<void>;
  readonly signal: AbortSignal;
  readonly onError?: (error: unknown, timer: { readonly stream: string; readonly name: string; readonly due: Instant }) => void;
  /** True while nothing may be fired. */
  readonly held?: () => boolean;
  /** The runner looks again after this at the latest, in ms: the wall clock may be set, or another instance may feed the model. */
  readonly lookEveryMs?: number;
  /** Streams whose timers are fired at the same time. */
  readonly concurrency?: number;
  /** Wait after a failed firing, in ms of the wall clock: doubled each time up to `max`. */
  readonly retry?: { readonly first: number; readonly max: number };
}
export interface Timers {
  /** Looks at once what is due: called when the model or the clock has changed. */
  wake(): void;
  /** True when every timer due at `at` has been carried out and nothing is being fired. */
  idle(at: Instant): Promise<boolean>;
  /** How many streams have a timer that is due at `at`, as far as the model knows. */
  due(at: Instant): Promise<number>;
  /** Resolves after the signal aborts, when nothing is in flight. */
  readonly done: Promise<void>;
}

const PAGE = 500;
const LOOK_EVERY_MS = 30_000;

/** Fires what the timers model says is due, in the order of the due instants, each stream's own one after another. */
export const startTimers = (options: TimersOptions): Timers => {
  const { reader, clock, fire, signal, concurrency = 16, retry = { first: 200, max: 30_000 } } = options;
  const { lookEveryMs = LOOK_EVERY_MS } = options;
  /** Fired, but still in the model: its event is on the way. */
  let fired = new Set<string>();
  const failed = new Map<string, { attempts: number; notBefore: number }>();
  let inFlight = 0;
  let awake = false;
  let rouse: () => void = () => undefined;
  const wake = (): void => {
    awake = true;
    rouse();
  };
  const keyOf = (stream: string, name: string, due: Instant): string => JSON.stringify([stream, name, due]);

  async function* dueAt(at: Instant): AsyncGenerator<readonly StreamTimers[]> {
    let pageToken: string | undefined;
    do {
      const page = await reader.query({
        scope: 'everything',
        where: [{ field: 'nextDue', lte: at }],
        orderBy: { field: 'nextDue', direction: 'asc' },
        limit: PAGE,
        ...(pageToken ? { pageToken } : {}),
      });
      yield page.items;
      pageToken = page.nextPageToken;
    } while (pageToken);
  }

  const fireStream = async ({ stream, timers }: StreamTimers, at: Instant, seen: Set<string>): Promise<void> => {
    for (const { name, due } of timers) {
      if (due > at || signal.aborted) return;
      const key = keyOf(stream, name, due);
      seen.add(key);
      if (fired.has(key)) continue;
      if ((failed.get(key)?.notBefore ?? 0) > Date.now()) return;
      try {
        await fire(stream, name, due);
        fired.add(key);
        failed.delete(key);
      } catch (error) {
        const attempts = (failed.get(key)?.attempts ?? 0) + 1;
        failed.set(key, { attempts, notBefore: Date.now() + Math.min(retry.max, retry.first * 2 ** (attempts - 1)) });
        options.onError?.(error, { stream, name, due });
        return;
      }
    }
  };

  const fireAll = async (at: Instant): Promise<void> => {
    const seen = new Set<string>();
    for await (const page of dueAt(at)) {
      const queue = page.values();
      const worker = async (): Promise<void> => {
        for (const document of queue) {
          if (signal.aborted) return;
          await fireStream(document, at, seen);
        }
      };
      await Promise.all(Array.from({ length: Math.min(concurrency, page.length) }, worker));
      if (signal.aborted) return;
    }
    // What the model no longer lists has arrived there.
    fired = new Set([...fired].filter((key) => seen.has(key)));
    for (const key of failed.keys()) if (!seen.has(key)) failed.delete(key);
  };

  /** What became due since `at`, when it was last looked, is due at once. */
  const sleepFor = async (at: Instant): Promise<number> => {
    const next = await reader.query({
      scope: 'everything',
      where: [{ field: 'nextDue', gt: at }],
      orderBy: { field: 'nextDue', direction: 'asc' },
      limit: 1,
    });
    const due = next.items[0] ? Date.parse(next.items[0].nextDue) - Date.parse(clock.now()) : lookEveryMs;
    const retries = [...failed.values()].map(({ notBefore }) => notBefore - Date.now());
    return Math.max(1, Math.min(lookEveryMs, due, ...retries));
  };

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (awake || signal.aborted) return resolve();
      const timeout = setTimeout(resolve, ms);
      rouse = () => {
        clearTimeout(timeout);
        resolve();
      };
    });

  const loop = async (): Promise<void> => {
    let away = retry.first;
    while (!signal.aborted) {
      awake = false;
      inFlight++;
      let wait: number;
      try {
        const at = clock.now();
        if (!options.held?.()) await fireAll(at);
        wait = await sleepFor(at);
        away = retry.first;
      } catch (error) {
        // The model is away; what it holds will still be due when it is back.
        options.onError?.(error, { stream: '', name: '', due: clock.now() });
        wait = away;
        away = Math.min(retry.max, away * 2);
      } finally {
        inFlight--;
      }
      await sleep(wait);
    }
  };
  signal.addEventListener('abort', wake, { once: true });

  return {
    wake,
    async idle(at) {
      if (inFlight > 0 || awake) return false;
      for await (const page of dueAt(at)) {
        for (const { stream, timers } of page) {
          if (timers.some(({ name, due }) => due <= at && !fired.has(keyOf(stream, name, due)))) return false;
        }
      }
      return inFlight === 0 && !awake;
    },
    async due(at) {
      const [due] = await reader.count({ scope: 'everything', where: [{ field: 'nextDue', lte: at }], by: [] });
      return due?.count ?? 0;
    },
    done: loop(),
  };
};
