import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** A record of the double's log. `position` is its byte offset and `end` that of the next, so positions leave gaps, as the server's do. */
export interface LogRecord {
  readonly position: number;
  readonly end: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly createdMs: number;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}
export type NewRecord = Pick<LogRecord, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>;

/** What is special about a stream: for ever closed, or cut off before a revision (a deletion that can be written over). */
export interface StreamState {
  readonly tombstoned: boolean;
  readonly truncateBefore: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    position INTEGER PRIMARY KEY, "end" INTEGER NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, contentType TEXT NOT NULL, createdMs INTEGER NOT NULL, data BLOB NOT NULL, metadata BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS records_stream ON records (stream, revision);
  CREATE TABLE IF NOT EXISTS streams (stream TEXT PRIMARY KEY, tombstoned INTEGER NOT NULL, truncateBefore INTEGER NOT NULL) STRICT;
`;
/** What a record takes beside its texts and bytes. */
const RECORD_BYTES = 96;
const SELECT = 'SELECT * FROM records WHERE';

export interface DoubleLog {
  /** Runs what was asked for since the last turn in one synced transaction; the log's own end moves with it. */
  commit<T>(work: () => T): T;
  /** Within `commit`: adds records to a stream; the positions are theirs. */
  add(stream: string, revision: number, records: readonly NewRecord[]): readonly number[];
  setState(stream: string, state: StreamState): void;
  stateOf(stream: string): StreamState;
  /** Revision of the stream's last record, -1 for none. */
  lastRevision(stream: string): number;
  idAt(stream: string, revision: number): string | undefined;
  positionAt(stream: string, revision: number): number | undefined;
  ofStream(stream: string, from: number, direction: 1 | -1, limit: number): readonly LogRecord[];
  /** From a position on (it included) or, backwards, before it. */
  ofAll(position: number, direction: 1 | -1, limit: number): readonly LogRecord[];
  /** Where the next record will stand. */
  end(): number;
  /** True where a record begins, and at the end. */
  isBoundary(position: number): boolean;
  damage(stream: string, revision: number, change: (data: string) => string): void;
  close(): void;
}

export const openDoubleLog = (path: string): DoubleLog => {
  const raw = new DatabaseSync(path);
  raw.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;');
  raw.exec(SCHEMA);
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = raw.prepare(sql)));
    return statement;
  };
  const records = (sql: string, ...parameters: (string | number)[]): readonly LogRecord[] =>
    prepare(sql).all(...parameters) as unknown as readonly LogRecord[];
  let end = (prepare('SELECT max("end") AS "end" FROM records').get()?.['end'] as number | null) ?? 0;
  const column = (name: string, stream: string, revision: number): string | number | undefined =>
    prepare(`SELECT ${name} AS found FROM records WHERE stream = ? AND revision = ?`).get(stream, revision)?.['found'] as
      string | number | undefined;

  return {
    commit(work) {
      const before = end;
      raw.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        raw.exec('COMMIT');
        return result;
      } catch (error) {
        end = before;
        if (raw.isTransaction) raw.exec('ROLLBACK');
        throw error;
      }
    },
    add(stream, first, news) {
      const insert = prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
      const now = Date.now();
      return news.map(({ id, type, contentType, data, metadata }, n) => {
        const position = end;
        end += RECORD_BYTES + Buffer.byteLength(stream) + Buffer.byteLength(type) + data.length + metadata.length;
        insert.run(position, end, stream, first + n, id, type, contentType, now, data, metadata);
        return position;
      });
    },
    setState(stream, { tombstoned, truncateBefore }) {
      prepare('INSERT OR REPLACE INTO streams VALUES (?, ?, ?)').run(stream, tombstoned ? 1 : 0, truncateBefore);
    },
    stateOf(stream) {
      const row = prepare('SELECT tombstoned, truncateBefore FROM streams WHERE stream = ?').get(stream);
      return { tombstoned: row?.['tombstoned'] === 1, truncateBefore: (row?.['truncateBefore'] as number | undefined) ?? 0 };
    },
    lastRevision: (stream) =>
      (prepare('SELECT max(revision) AS last FROM records WHERE stream = ?').get(stream)?.['last'] as number | null) ?? -1,
    idAt: (stream, revision) => column('id', stream, revision) as string | undefined,
    positionAt: (stream, revision) => column('position', stream, revision) as number | undefined,
    ofStream: (stream, from, direction, limit) =>
      direction === 1
        ? records(`${SELECT} stream = ? AND revision >= ? ORDER BY revision LIMIT +?`, stream, from, limit)
        : records(`${SELECT} stream = ? AND revision <= ? ORDER BY revision DESC LIMIT +?`, stream, from, limit),
    ofAll: (position, direction, limit) =>
      direction === 1
        ? records(`${SELECT} position >= ? ORDER BY position LIMIT +?`, position, limit)
        : records(`${SELECT} position < ? ORDER BY position DESC LIMIT +?`, position, limit),
    end: () => end,
    isBoundary: (position) => position === end || prepare('SELECT 1 FROM records WHERE position = ?').get(position) !== undefined,
    damage(stream, revision, change) {
      const [record] = records(`${SELECT} stream = ? AND revision = ?`, stream, revision);
      const data = Buffer.from(change(Buffer.from(record!.data).toString()));
      prepare('UPDATE records SET data = ? WHERE position = ?').run(data, record!.position);
    },
    close: () => raw.close(),
  };
};
