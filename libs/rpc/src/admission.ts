import { Rejection } from '@sanwang/kernel';

export interface AdmissionOptions {
  /** Calls at work at once: at the start, at the least and at the most. */
  readonly start?: number;
  readonly least?: number;
  readonly most?: number;
  /** Calls that may wait for a place, and how long, ms. */
  readonly waiting?: number;
  readonly waitMs?: number;
}

/** How full a server is. */
export interface AdmissionState {
  readonly limit: number;
  readonly running: number;
  readonly waiting: number;
  /** Since the start. */
  readonly refused: number;
}

/**
 * The door of a server: so many calls at work at once, so many more waiting for a moment, and everything beyond refused before
 * it costs anything. The first number follows the event loop: it falls while the loop is late and grows while all places are
 * taken and the loop is not.
 */
export interface Admission {
  /** Calls exactly one of the two, now or within the wait. `admitted` gets `leave`, to be called when the call is answered. */
  enter(admitted: (leave: () => void) => void, refused: (rejection: Rejection) => void): void;
  state(): AdmissionState;
  /** Refuses who waits, and ends the watch on the event loop. */
  close(): void;
}

const TICK_MS = 50;
const LATE_MS = 100;
const IN_TIME_MS = 25;

/** Refusals that spread the callers' next attempts; made once, for they are sent when there is no time. */
const refusals = [1, 2, 3].map(
  (retryAfterSeconds) =>
    new Rejection('resource-exhausted', 'overloaded', `There is more to do than can be done; try again in ${retryAfterSeconds} s.`, {
      facts: { retryAfterSeconds },
    }),
);

interface Waiting {
  readonly since: number;
  readonly admitted: (leave: () => void) => void;
  readonly refused: (rejection: Rejection) => void;
}

export const createAdmission = (options: AdmissionOptions = {}): Admission => {
  const { start = 128, least = 16, most = 512, waiting: places = 2_000, waitMs = 500 } = options;
  let limit = start;
  let running = 0;
  let refusedCount = 0;
  let wasFull = false;
  /** In order of arrival; those before `first` have been served. */
  let line: Waiting[] = [];
  let first = 0;

  const refuse = (refused: Waiting['refused']): void => {
    refusedCount++;
    refused(refusals[refusedCount % refusals.length]!);
  };
  const admit = (admitted: Waiting['admitted']): void => {
    running++;
    let isIn = true;
    admitted(() => {
      if (!isIn) return;
      isIn = false;
      running--;
      while (running < limit && first < line.length) admit(line[first++]!.admitted);
      if (first === line.length) {
        line = [];
        first = 0;
      }
    });
  };
  const refuseOlderThan = (age: number): void => {
    const now = performance.now();
    while (first < line.length && now - line[first]!.since >= age) refuse(line[first++]!.refused);
    if (first > places) {
      line = line.slice(first);
      first = 0;
    }
  };

  let expected = performance.now() + TICK_MS;
  const watch = setInterval(() => {
    const late = performance.now() - expected;
    expected = performance.now() + TICK_MS;
    if (late > LATE_MS) limit = Math.max(least, Math.floor(limit * 0.8));
    else if (wasFull && late < IN_TIME_MS) limit = Math.min(most, limit + 4);
    wasFull = false;
    refuseOlderThan(waitMs);
  }, TICK_MS);
  watch.unref();

  return {
    enter(admitted, refused) {
      if (running < limit && first === line.length) return admit(admitted);
      wasFull = true;
      if (line.length - first < places) line.push({ since: performance.now(), admitted, refused });
      else refuse(refused);
    },
    state: () => ({ limit, running, waiting: line.length - first, refused: refusedCount }),
    close() {
      clearInterval(watch);
      refuseOlderThan(0);
    },
  };
};

/** Operations have to be possible when nothing else is. */
export const isExemptService = (fullName: string): boolean => fullName.startsWith('sanwang.operations.');
/** The same in REST, with probes, metrics and documents. */
export const isExemptUrl = (url: string): boolean => !url.startsWith('/v1/') || url.startsWith('/v1/operations');
