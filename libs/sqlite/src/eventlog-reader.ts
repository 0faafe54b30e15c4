import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { checkedPages, checkedStretch, LOG_START, type EventReader, type LogPage, type StoredEvent } from '@sanwang/event-store';
import { isRetriable, Rejection } from '@sanwang/kernel';
import { openDatabase, type Database } from './database.ts';
import { rejecting } from './rejecting.ts';

const PAGE_SIZE = 500;
const RETRY_MS = 250;
const POLL_MS = 25;
const NO_LIMIT = -1;

/** The `+` matters: SQLite plans a statement anew at every run when its limit is a bare parameter (8 µs). */
const SELECT = 'SELECT stream, revision, position, id, type, data, metadata, hash FROM events WHERE';
const FORWARD = `${SELECT} stream = ? AND revision >= ? ORDER BY revision LIMIT +?`;
const BACKWARD = `${SELECT} stream = ? AND revision <= ? ORDER BY revision DESC LIMIT +?`;
const OF_ALL = `${SELECT} position > ? AND position <= ? ORDER BY position LIMIT +?`;
const OF_CONTEXT = `${SELECT} context = ? AND position > ? AND position <= ? ORDER BY position LIMIT +?`;

type Row = readonly [string, number, number, string, string, string, string, string];

const asEvent = ([stream, revision, position, id, type, data, metadata, hash]: Row): StoredEvent => ({
  stream,
  revision,
  position,
  id,
  type,
  data,
  metadata,
  hash,
});

/** Waits until the log may hold something of the prefix after `position`. */
type Changed = (prefix: string, position: number, signal: AbortSignal) => Promise<void>;

const contextOf = (prefix: string): string | undefined => {
  if (prefix === '') return undefined;
  if (!/^[a-z][a-z0-9-]*\.$/.test(prefix)) throw new Error(`a prefix is '' or '<context>.', not '${prefix}'`);
  return prefix.slice(0, -1);
};

/** The reading side over an open file, for the writer and for readers beside it. */
export const eventReader = (database: Database, changed: Changed): Omit<EventReader, 'close'> => {
  const guarded = <T>(read: () => T): T => {
    if (!database.raw.isOpen) throw new Rejection('unavailable', 'event-store-unavailable', 'The event store is closed.');
    return rejecting('event-store', read);
  };
  /** Rows come as arrays: half the cost of SQLite's own objects, here and wherever they are read. */
  const rows = (sql: string, ...parameters: (string | number)[]): StoredEvent[] =>
    guarded(() => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return (statement.all(...parameters) as unknown as Row[]).map(asEvent);
    });

  const page = (prefix: string, after: number, through: number, limit: number): StoredEvent[] => {
    const context = contextOf(prefix);
    return context === undefined ? rows(OF_ALL, after, through, limit) : rows(OF_CONTEXT, context, after, through, limit);
  };

  const head = (prefix: string): number => {
    const context = contextOf(prefix);
    const row = guarded(() =>
      context === undefined
        ? database.prepare('SELECT max(position) AS head FROM events').get()
        : database.prepare('SELECT max(position) AS head FROM events WHERE context = ?').get(context),
    );
    return (row?.['head'] as number | null) ?? LOG_START;
  };

  const hashOf = (stream: string, revision: number): string | undefined =>
    guarded(
      () =>
        database.prepare('SELECT hash FROM events WHERE stream = ? AND revision = ?').get(stream, revision)?.['hash'] as string | undefined,
    );

  async function* pages(prefix: string, after: number, pageSize: number): AsyncGenerator<LogPage> {
    const end = head('');
    let position = after;
    while (position < end) {
      const events = page(prefix, position, end, pageSize);
      position = events.length < pageSize ? end : events.at(-1)!.position;
      yield { events, position };
      await nextTurn();
    }
  }

  async function* following(prefix: string, after: number, signal: AbortSignal): AsyncGenerator<LogPage> {
    let position = after;
    for (let caughtUp = false; !signal.aborted;) {
      try {
        const events = page(prefix, position, Number.MAX_SAFE_INTEGER, PAGE_SIZE);
        if (events.length > 0) {
          position = events.at(-1)!.position;
          yield { events, position };
          if (events.length === PAGE_SIZE) await nextTurn();
        } else if (!caughtUp) {
          caughtUp = true;
          yield { events, position };
        } else {
          await changed(prefix, position, signal);
        }
      } catch (error) {
        if (!isRetriable(error) || !database.raw.isOpen) throw error;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  return {
    async readStream(stream, { direction = 'forward', from, limit = NO_LIMIT } = {}) {
      const one = limit === NO_LIMIT ? NO_LIMIT : limit + 1;
      if (direction === 'forward') {
        const first = Math.max(from ?? 0, 0);
        const found = rows(FORWARD, stream, first - 1, first === 0 ? limit : one);
        return checkedStretch(stream, found, first);
      }
      const found = rows(BACKWARD, stream, from ?? Number.MAX_SAFE_INTEGER, one).toReversed();
      const whole = limit === NO_LIMIT || found.length <= limit;
      return checkedStretch(stream, found, whole ? 0 : found[0]!.revision + 1).toReversed();
    },
    readAll: ({ prefix, after, pageSize = PAGE_SIZE }) => checkedPages(pages(prefix, after, pageSize), hashOf),
    subscribe: ({ prefix, after, signal }) => checkedPages(following(prefix, after, signal), hashOf),
    head: async (prefix) => head(prefix),
  };
};

/**
 * Opens the log for reading, beside the process or thread that writes it. `subscribe` polls (25 ms). `faults` runs SQLite's
 * own check of pages and indexes: empty when all is well.
 */
export const openEventLogReader = (path: string): EventReader & { faults(): readonly string[] } => {
  const database = rejecting('event-store', () => openDatabase(path, { durability: 'full', readOnly: true }));
  let closed = false;
  return {
    ...eventReader(database, async (_prefix, _position, signal) => {
      const version = (): unknown => rejecting('event-store', () => database.prepare('PRAGMA data_version').get()!['data_version']);
      const seen = version();
      while (!signal.aborted && !closed && version() === seen) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }),
    faults: () =>
      rejecting('event-store', () => database.prepare('PRAGMA integrity_check').all())
        .map((row) => String(row['integrity_check']))
        .filter((line) => line !== 'ok'),
    close: async () => {
      closed = true;
      database.close();
    },
  };
};
