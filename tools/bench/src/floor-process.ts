import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import fastify from 'fastify';
import { answerParent, startChild, type Child } from './child.ts';

// What the same work costs with nothing but node:sqlite and bare fastify: the floors of P1, P7 and P10.

/** What the floor of a command writes: so many bytes per event, so many commands per commit, to a log that has so many rows. */
export interface CommandBytes {
  readonly stream: number;
  readonly data: number;
  readonly metadata: number;
  readonly batch: number;
  readonly rows: number;
}

/** A log with the platform's columns and the one index that an expected revision needs. */
const TABLE = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (stream, revision)) STRICT;
`;
/** When fewer than a batch wait, at the end of a round. */
const FLUSH_MS = 20;

/** Streams that get their events in turn, four each, as tasks on their way to acceptance do. */
const STREAMS = 64;
const EVENTS_OF_STREAM = 4;

const groupCommitted = (path: string, { stream, data, metadata, batch, rows }: CommandBytes) => {
  const database = new DatabaseSync(path);
  database.exec(TABLE);
  const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const filler = { stream: 's'.repeat(Math.max(0, stream - 36)), data: 'd'.repeat(data), metadata: 'm'.repeat(metadata) };
  const id = 'i'.repeat(36);
  const hash = 'h'.repeat(64);
  const streams = Array.from({ length: STREAMS }, () => ({ id: '', revision: EVENTS_OF_STREAM }));
  const write = (at: number): void => {
    const next = streams[at % STREAMS]!;
    if (++next.revision >= EVENTS_OF_STREAM) Object.assign(next, { id: randomUUID(), revision: 0 });
    insert.run(at, filler.stream + next.id, next.revision, id, 'TaskPooled', filler.data, filler.metadata, hash);
  };
  database.exec('BEGIN');
  for (let at = 1; at <= rows; at++) write(at);
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  let waiting: ((position: number) => void)[] = [];
  let position = rows;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    const first = position;
    database.exec('BEGIN IMMEDIATE');
    for (const _ of group) write(++position);
    database.exec('COMMIT');
    for (const [index, resolve] of group.entries()) resolve(first + index + 1);
  };
  return (): Promise<number> =>
    new Promise((resolve) => {
      if (waiting.push(resolve) >= batch) setImmediate(flush);
      else timer ??= setTimeout(flush, FLUSH_MS);
    });
};

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, JSON.parse(body as string)));
const http = async (): Promise<string> => app.listen({ host: '127.0.0.1', port: 0 });

const handlers = {
  async commands({ path, bytes }: { path: string; bytes: CommandBytes }) {
    const append = groupCommitted(path, bytes);
    app.post('/*', async () => {
      const position = await append();
      return { id: '00000000-0000-0000-0000-000000000000', revision: 0, readToken: `patrol.0.${position}`, status: 'pooled' };
    });
    return { http: await http() };
  },
  async list({ path, sql, params }: { path: string; sql: string; params: (string | number | null)[] }) {
    const statement = new DatabaseSync(path, { readOnly: true }).prepare(sql);
    app.get('/*', (_request, reply) => {
      const items = statement.all(...params).map((row) => JSON.parse(row['doc'] as string) as unknown);
      void reply.type('application/json').send(JSON.stringify({ items }));
    });
    return { http: await http() };
  },
  /** Folds a context's events into one document per stream and writes them: no chain, no schema, no upcasting, two indexes. */
  async fold({ log, into, context }: { log: string; into: string; context: string }) {
    await pause(1);
    const begun = performance.now();
    const source = new DatabaseSync(log, { readOnly: true });
    const documents = new Map<string, object>();
    let events = 0;
    for (const row of source.prepare('SELECT stream, type, data FROM events WHERE context = ? ORDER BY position').iterate(context)) {
      events++;
      documents.set(row['stream'] as string, {
        ...documents.get(row['stream'] as string),
        ...(JSON.parse(row['data'] as string) as object),
      });
    }
    const target = new DatabaseSync(into);
    target.exec(
      'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE documents (id TEXT PRIMARY KEY, unit TEXT, area TEXT, doc TEXT); BEGIN',
    );
    const insert = target.prepare('INSERT INTO documents VALUES (?, ?, ?, ?)');
    for (const [id, doc] of documents) {
      const { unit = null, area = null } = doc as { unit?: string; area?: string };
      insert.run(id, unit, area, JSON.stringify(doc));
    }
    target.exec('COMMIT; CREATE INDEX unit ON documents (unit, area); CREATE INDEX area ON documents (area, unit)');
    target.close();
    source.close();
    return { events, seconds: (performance.now() - begun) / 1000 };
  },
};

export type FloorProcess = Child<typeof handlers>;
export const startFloor = (): FloorProcess => startChild<typeof handlers>(new URL(import.meta.url));

if (process.send && process.argv[1] === import.meta.filename) answerParent(handlers);
