import { LOG_START, refuseTooLarge, type EventStore, type SealedEvent, type StreamVersion } from '@sanwang/event-store';
import { parseStream, Rejection } from '@sanwang/kernel';
import { openDatabase, type Database, type Durability } from './database.ts';
import { eventReader } from './eventlog-reader.ts';
import { groupCommit } from './group-commit.ts';
import { rejecting } from './rejecting.ts';

/** The context follows from the stream, so that it cannot disagree with it; the index on it holds the positions too. */
const SCHEMA = `
  BEGIN IMMEDIATE;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    hash TEXT NOT NULL,
    context TEXT GENERATED ALWAYS AS (substr(stream, 1, instr(stream, '.') - 1)) VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX events_stream ON events (stream, revision);
  CREATE INDEX events_context ON events (context);
  PRAGMA user_version = 1;
  COMMIT;
`;
const FORMAT = 1;

/** Makes the tables of a new file only: a file that lost them is damaged, not new. */
const openFile = (path: string, durability: Durability): Database => {
  const database = openDatabase(path, { durability });
  const format = database.raw.prepare('PRAGMA user_version').get()?.['user_version'];
  if (format === 0) database.raw.exec(SCHEMA);
  else if (format !== FORMAT) {
    database.close();
    throw new Rejection('failed-precondition', 'log-format', `The log has format ${String(format)}; this release knows ${FORMAT}.`);
  }
  database.raw.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16000000;');
  return database;
};

/** The write-ahead log is copied into the file after this many characters of events, outside of any caller's wait. */
const CHECKPOINT_AFTER = 4_000_000;

/** Since the log was opened. */
export interface EventLogStats {
  readonly appends: number;
  readonly events: number;
  readonly commits: number;
  readonly fsyncs: number;
  readonly conflicts: number;
  /** Events of the longest stream that was appended to: a warning is due near `MAX_STREAM_EVENTS`. */
  readonly longestStream: number;
}

export interface EventLog extends EventStore {
  stats(): EventLogStats;
  /** Bounds the file (pages of 4 KiB); appends beyond it fail with `resource-exhausted/storage-full`. */
  limitPages(pages: number): void;
}

interface Append {
  readonly context: string;
  readonly stream: string;
  readonly expected: StreamVersion | 'no-stream';
  readonly events: readonly SealedEvent[];
}
interface Place {
  readonly revision: number;
  readonly position: number;
}

/**
 * Opens (or makes) the log in one file, as its only writer. Appends that wait at the same turn of the event loop share one
 * durable transaction (`normal`: durable against a crash of the process only); each one's conflict is its own.
 */
export const openEventLog = (path: string, durability: Durability = 'full'): EventLog => {
  const database = rejecting('event-store', () => openFile(path, durability));
  const counts = { appends: 0, events: 0, commits: 0, fsyncs: 0, conflicts: 0, longestStream: 0 };
  const waiters = new Set<{ readonly prefix: string; readonly after: number; wake(): void }>();
  const heads = new Map<string, number>();
  let uncheckpointed = 0;
  let closed = false;

  const insert = database.prepare(
    'INSERT INTO events (position, stream, revision, id, type, data, metadata, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const last = database.prepare('SELECT revision, hash FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1');
  let position = (database.prepare('SELECT max(position) AS head FROM events').get()?.['head'] as number | null) ?? LOG_START;

  const appendOne = ({ stream, expected, events }: Append, before: number): Place | Rejection => {
    const actual = last.get(stream) as StreamVersion | undefined;
    const stands =
      expected === 'no-stream' ? actual === undefined : actual?.revision === expected.revision && actual.hash === expected.hash;
    if (!stands) {
      const revision = actual?.revision ?? -1;
      return new Rejection('conflict', 'stream-moved', `${stream} stands at revision ${revision}.`, { facts: { revision } });
    }
    let revision = actual?.revision ?? -1;
    let at = before;
    for (const { id, type, data, metadata, hash } of events) insert.run(++at, stream, ++revision, id, type, data, metadata, hash);
    return { revision, position: at };
  };

  const commit = (group: readonly Append[]): readonly (Place | Error)[] => {
    let at = position;
    const results = database.transaction(() =>
      group.map((append) => {
        const result = appendOne(append, at);
        if (!(result instanceof Error)) at = result.position;
        return result;
      }),
    );
    counts.conflicts += results.filter((result) => result instanceof Error).length;
    if (at === position) return results;
    counts.events += at - position;
    counts.commits++;
    counts.fsyncs++;
    position = at;
    for (const [n, result] of results.entries()) if (!(result instanceof Error)) recorded(group[n]!, result);
    setImmediate(afterCommit);
    return results;
  };

  const recorded = ({ context, events }: Append, place: Place): void => {
    counts.appends++;
    counts.longestStream = Math.max(counts.longestStream, place.revision + 1);
    heads.set(`${context}.`, place.position);
    for (const event of events) uncheckpointed += event.data.length + event.metadata.length + 300;
  };

  const afterCommit = (): void => {
    for (const waiter of waiters) if (headSince(waiter.prefix) > waiter.after) waiter.wake();
    if (uncheckpointed < CHECKPOINT_AFTER || closed) return;
    uncheckpointed = 0;
    try {
      database.raw.exec('PRAGMA wal_checkpoint(PASSIVE)');
      counts.fsyncs += 2;
    } catch {
      // A full disk or a busy reader: the next checkpoint takes it over, nothing depends on it before.
    }
  };
  const headSince = (prefix: string): number => (prefix === '' ? position : (heads.get(prefix) ?? LOG_START));

  const changed = (prefix: string, after: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted || closed || headSince(prefix) > after) return resolve();
      const waiter = {
        prefix,
        after,
        wake: () => {
          waiters.delete(waiter);
          signal.removeEventListener('abort', waiter.wake);
          resolve();
        },
      };
      waiters.add(waiter);
      signal.addEventListener('abort', waiter.wake);
    });

  const group = groupCommit((appends: readonly Append[]) => rejecting('event-store', () => commit(appends)));

  return {
    ...eventReader(database, changed),
    async append(stream, expected, events) {
      if (closed) throw new Rejection('unavailable', 'event-store-unavailable', 'The event store is closed.');
      if (events.length === 0) throw new Error('an append has at least one event');
      refuseTooLarge(events);
      return group.add({ context: parseStream(stream).context, stream, expected, events });
    },
    stats: () => ({ ...counts }),
    limitPages: (pages) => database.raw.exec(`PRAGMA max_page_count = ${Math.trunc(pages)}`),
    async close() {
      if (closed) return;
      group.flush();
      closed = true;
      for (const waiter of waiters) waiter.wake();
      database.close();
    },
  };
};
