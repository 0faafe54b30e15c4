import { Rejection } from '@sanwang/kernel';

export interface AdmissionOptions {
  /** Calls at work at once: at the start, at the least and at the most. */
  readonly start?: number;
  readonly least?: number;
  readonly most?: number;
  /** Calls that may wait for a place, and how long, ms. */
  readonly waiting?: number;
  readonly waitMs?: number;
  /** Milliseconds that only go forward; the process's own when absent. */
  readonly now?: () => number;
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
 * taken and the loop is not. And in one turn of the loop calls are begun for a short time only: where the work is the
 * processor's, calls would otherwise queue up unread in their sockets, where nobody knows how long they have waited.
 */
export interface Admission {
  /** Calls exactly one of the two, now or within the wait. `admitted` gets `leave`, to be called when the call is answered. */
  enter(admitted: (leave: () => void) => void, refused: (rejection: Rejection) => void): void;
  state(): AdmissionState;
  /** Refuses who waits, and ends the watch on the event loop. */
  close(): void;
}

/** In one turn of the event loop calls are begun for so long, and so many of those that wait. */
const TURN_MS = 20;
const TURN_CALLS = 64;
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
  const {
    start = 128,
    least = Math.min(16, start),
    most = 512,
    waiting: places = 2_000,
    waitMs = 500,
    now = () => performance.now(),
  } = options;
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
  const waitingNow = (): number => line.length - first;
  const nextWaiting = (): Waiting => {
    const next = line[first++]!;
    if (first === line.length || first > places) {
      line = line.slice(first);
      first = 0;
    }
    return next;
  };
  const refuseOlderThan = (age: number): void => {
    const latest = now() - age;
    while (waitingNow() > 0 && line[first]!.since <= latest) refuse(nextWaiting().refused);
  };

  /** After this no more calls are begun in this turn of the loop; absent: no turn has begun, so the next one looks at nothing. */
  let turnEnds: number | undefined;
  /** Begins a turn unless one has begun, and sees to the next one, which serves those who wait. */
  const isInTurn = (): boolean => {
    if (turnEnds === undefined) {
      turnEnds = now() + TURN_MS;
      setImmediate(beginTurn);
    }
    return now() < turnEnds;
  };
  const beginTurn = (): void => {
    turnEnds = undefined;
    refuseOlderThan(waitMs);
    // Each in a callback of its own: what a call does at once is done, and its time spent, before the next one is looked at.
    for (let n = Math.min(waitingNow(), limit - running, TURN_CALLS); n > 0; n--) setImmediate(serveOne);
  };
  const serveOne = (): void => {
    if (waitingNow() > 0 && running < limit && isInTurn()) admit(nextWaiting().admitted);
  };
  const admit = (admitted: Waiting['admitted']): void => {
    running++;
    let isIn = true;
    admitted(() => {
      if (!isIn) return;
      isIn = false;
      running--;
      if (waitingNow() > 0) isInTurn();
    });
  };

  let expected = now() + TICK_MS;
  const watch = setInterval(() => {
    const late = now() - expected;
    expected = now() + TICK_MS;
    if (late > LATE_MS) limit = Math.max(least, Math.floor(limit * 0.8));
    else if (wasFull && late < IN_TIME_MS) limit = Math.min(most, limit + 4);
    wasFull = false;
    refuseOlderThan(waitMs);
  }, TICK_MS);
  watch.unref();

  return {
    enter(admitted, refused) {
      if (waitingNow() === 0 && running < limit && isInTurn()) return admit(admitted);
      wasFull ||= running >= limit;
      if (waitingNow() < places) line.push({ since: now(), admitted, refused });
      else refuse(refused);
    },
    state: () => ({ limit, running, waiting: waitingNow(), refused: refusedCount }),
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
