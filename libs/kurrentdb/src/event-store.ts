import { checkedPages, checkedStretch, refuseTooLarge, type EventStore, type LogPage, type StoredEvent } from '@sanwang/event-store';
import { isRetriable, Rejection } from '@sanwang/kernel';
import { backoffMs, pause } from '@sanwang/messaging';
import { connect } from './connection.ts';
import { following, type Stretch } from './following.ts';
import { createHeads } from './heads.ts';
import { toStored } from './record.ts';
import { appendRequest, placeOf, readStreamRequest, type Direction, type Place } from './requests.ts';

const BACKOFF = { firstMs: 50, maxMs: 2_000 };

/** True when everything up to and with the event at `position` lies before or at the place. */
const isPast = (place: Place | undefined, position: number): boolean =>
  place !== undefined && (place.commit > position || (place.commit === position && place.prepare === position));

const isAway = (error: unknown): boolean => isRetriable(error) && (error as Rejection).reason !== 'event-store-denied';

/**
 * The log in KurrentDB: `kurrentdb://user:password@host:port?tls=true&tlsCAFile=…`, several hosts for a cluster. Every call
 * answers or fails within `deadlineMs` (5 s). An append that fails with `unavailable` may have been carried out all the
 * same: the same append again is taken once, any other at that place is a conflict. Failures beside the port's:
 * `unavailable/event-store-denied` (credentials), `resource-exhausted/append-too-large` (the server's limit of one append),
 * `data-loss/stream-deleted`.
 */
export const openKurrentDb = (connectionString: string, { deadlineMs = 5_000 }: { readonly deadlineMs?: number } = {}): EventStore => {
  const connection = connect(connectionString, deadlineMs);
  const head = createHeads(connection);

  const read = async (stream: string, direction: Direction, from: number | undefined, count: number): Promise<StoredEvent[]> => {
    const answers = await connection.read(readStreamRequest(stream, direction, from, count));
    return answers.flatMap((answer) => {
      const recorded = answer.getEvent()?.getEvent();
      return recorded ? [toStored(recorded)] : [];
    });
  };
  const hashOf = async (stream: string, revision: number): Promise<string | undefined> => {
    const [found] = await read(stream, 'forward', revision, 1);
    return found?.revision === revision ? found.hash : undefined;
  };

  /**
   * The position to report for how far a subscription is. It is kept and used to go on from, so it must be an event's (a
   * checkpoint may lie between events) and not past the last one of all contexts, where only KurrentDB's own come.
   */
  const reached = async ({ events, through }: Stretch, before: number): Promise<number> => {
    const last = events.at(-1)?.position ?? before;
    if (!through || through.commit <= last) return last;
    const end = await head('');
    if (end < through.commit) return Math.max(end, last);
    return through.commit === through.prepare ? through.commit : last;
  };

  async function* pages(prefix: string, after: number, pageSize: number): AsyncGenerator<LogPage> {
    const end = await head('');
    if (after >= end) return;
    const done = new AbortController();
    let position = after;
    for await (const stretch of following(connection, prefix, placeOf(after), done.signal)) {
      const events = stretch.events.filter((event) => event.position <= end);
      const through = stretch.caughtUp || isPast(stretch.through, end);
      for (let from = 0; from < events.length; from += pageSize) {
        const page = events.slice(from, from + pageSize);
        position = page.at(-1)!.position;
        yield { events: page, position };
      }
      if (through) break;
      const now = await reached(stretch, position);
      if (now > position) yield { events: [], position: (position = now) };
    }
    if (position < end) yield { events: [], position: end };
  }

  async function* followed(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<LogPage> {
    let position = after;
    let place: Place | undefined = placeOf(after);
    let announced = false;
    for (let attempt = 0; !signal.aborted;) {
      try {
        for await (const stretch of following(connection, prefix, place, signal)) {
          attempt = 0;
          const now = await reached(stretch, position);
          const news = now > position || (stretch.caughtUp && !announced);
          announced ||= stretch.caughtUp;
          if (news) yield { events: stretch.events, position: (position = now) };
          place = stretch.through ?? place;
        }
      } catch (error) {
        if (!isAway(error)) throw error;
        await pause(backoffMs(attempt++, BACKOFF), signal);
      }
    }
  }
  /** A predecessor's hash for a subscription, which outlives the server's absence. */
  const patientHashOf = (signal: AbortSignal) => async (stream: string, revision: number) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await hashOf(stream, revision);
      } catch (error) {
        if (!isAway(error) || signal.aborted) throw error;
        await pause(backoffMs(attempt, BACKOFF), signal);
      }
    }
  };

  return {
    async append(stream, expected, events) {
      if (events.length === 0) throw new Error('an append has at least one event');
      refuseTooLarge(events);
      const success = await connection.append(stream, appendRequest(stream, expected, events));
      const revision = (expected === 'no-stream' ? -1 : expected.revision) + events.length;
      if (!success.hasCurrentRevision() || Number(success.getCurrentRevision()) !== revision) {
        throw new Rejection('data-loss', 'stream-deleted', `${stream} was deleted or truncated in KurrentDB (${connection.where}).`);
      }
      // A repeat is acknowledged without a position.
      const place = success.getPosition();
      if (place) return { revision, position: Number(place.getCommitPosition()) };
      const [repeated] = await read(stream, 'forward', revision, 1);
      return { revision, position: repeated!.position };
    },

    async readStream(stream, { direction = 'forward', from, limit = Number.MAX_SAFE_INTEGER } = {}) {
      const oneMore = Math.min(limit + 1, Number.MAX_SAFE_INTEGER);
      if (direction === 'forward') {
        const first = Math.max(from ?? 0, 0);
        const found = first === 0 ? await read(stream, direction, undefined, limit) : await read(stream, direction, first - 1, oneMore);
        return checkedStretch(stream, found, first);
      }
      const found = (await read(stream, direction, from, oneMore)).toReversed();
      return checkedStretch(stream, found, found.length <= limit ? 0 : found[0]!.revision + 1).toReversed();
    },
    readAll: ({ prefix, after, pageSize = 500 }) => checkedPages(pages(prefix, after, pageSize), hashOf),
    subscribe: ({ prefix, after, signal }) => checkedPages(followed(prefix, after, signal), patientHashOf(signal)),
    head,
    close: () => connection.close(),
  };
};
