import type { StoredEvent } from '@sanwang/event-store';
import type { Rejection } from '@sanwang/kernel';
import type { Connection, Flow, ReadAnswer } from './connection.ts';
import { tooSlow } from './failures.ts';
import { toStored } from './record.ts';
import { subscribeRequest, type Place } from './requests.ts';

/** What a subscription brought since one last looked. Everything of the prefix up to `through` has been delivered. */
export interface Stretch {
  readonly events: readonly StoredEvent[];
  readonly through?: Place;
  readonly caughtUp: boolean;
}

const PAGE_SIZE = 500;
/** Answers that may wait here before the server is told to wait. */
const MOST_WAITING = 2_000;

/**
 * One subscription, as long as it lasts: ends when the signal aborts, throws the `Rejection` when it breaks. Until it has
 * caught up, silence for longer than a call may take counts as broken; afterwards the connection's keep-alive watches.
 */
export async function* following(
  connection: Connection,
  prefix: string,
  after: Place | undefined,
  signal: AbortSignal,
): AsyncGenerator<Stretch> {
  let waiting: ReadAnswer[] = [];
  let failure: Rejection | undefined;
  let ended = false;
  let caughtUp = false;
  let wake: () => void = () => undefined;
  let flow: Flow | undefined;

  const more = (): Promise<'woken' | 'silent'> =>
    new Promise((resolve) => {
      const timer = caughtUp ? undefined : setTimeout(() => resolve('silent'), connection.deadlineMs);
      wake = () => {
        clearTimeout(timer);
        resolve('woken');
      };
    });
  const stir = (): void => wake();

  signal.addEventListener('abort', stir, { once: true });
  try {
    if (signal.aborted) return;
    flow = await connection.follow(subscribeRequest(prefix, after), {
      onAnswer(answer) {
        if (waiting.push(answer) >= MOST_WAITING) flow?.pause();
        wake();
      },
      onEnd(why) {
        failure = why;
        ended = true;
        wake();
      },
    });
    while (!signal.aborted) {
      if (waiting.length === 0) {
        if (ended) throw failure ?? tooSlow(connection.where, 0);
        if ((await more()) === 'silent') throw tooSlow(connection.where, connection.deadlineMs);
        continue;
      }
      const taken = waiting.slice(0, PAGE_SIZE);
      waiting = waiting.slice(PAGE_SIZE);
      if (waiting.length < PAGE_SIZE) flow.resume();
      const stretch = stretchOf(taken, caughtUp);
      caughtUp = stretch.caughtUp;
      yield stretch;
    }
  } finally {
    signal.removeEventListener('abort', stir);
    flow?.cancel();
  }
}

const stretchOf = (answers: readonly ReadAnswer[], before: boolean): Stretch => {
  const events: StoredEvent[] = [];
  let through: Place | undefined;
  let caughtUp = before;
  for (const answer of answers) {
    const recorded = answer.getEvent()?.getEvent();
    const checkpoint = answer.getCheckpoint();
    if (recorded) {
      const stored = toStored(recorded);
      events.push(stored);
      through = { commit: stored.position, prepare: stored.position };
    } else if (checkpoint) {
      through = { commit: Number(checkpoint.getCommitPosition()), prepare: Number(checkpoint.getPreparePosition()) };
    } else if (answer.hasCaughtUp()) caughtUp = true;
    else if (answer.hasFellBehind()) caughtUp = false;
  }
  return { events, ...(through && { through }), caughtUp };
};
