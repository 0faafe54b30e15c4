import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { StatementSync } from 'node:sqlite';
import { Rejection } from '@sanwang/kernel';
import {
  declaredFields,
  indexedValue,
  type Document,
  type ModelDefinition,
  type ModelGeneration,
  type ModelWrite,
} from '@sanwang/read-model';
import { asRejection, openDatabase, type Database } from './database.ts';
import { bound, column, type Bound, type Rows } from './models-query.ts';
import { indexesOf, schemaOf } from './models-schema.ts';

/** One generation of a model: a file of its own. */
export interface ModelFile extends ModelGeneration {
  /** Runs a query; its statement is kept for the next time, of the last 100 different ones. */
  readonly rows: Rows;
  complete(): Promise<void>;
  purge(): Promise<void>;
  close(): void;
  /** Closes as soon as nobody reads it any more, and removes the file. */
  retire(): Promise<void>;
}

const KEPT_STATEMENTS = 100;
const PAGE = 500;
const BULK = 'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000;';

/** Opens a generation's file, or makes it: then for a bulk load, which `complete` ends. */
export const openModelFile = (path: string, generation: string, definition: ModelDefinition): ModelFile => {
  const what = 'read-model';
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw asRejection(error, what);
    }
  };
  const exists = existsSync(path);
  const database: Database = guard(() => {
    const opened = openDatabase(path, { durability: 'normal' });
    try {
      // One connection per file: whoever holds a lock is a stranger, and waiting for him would stop the whole process.
      opened.raw.exec('PRAGMA busy_timeout = 0;');
      if (!exists) opened.raw.exec(BULK + schemaOf(definition));
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  });
  let bulk = guard(() => (database.raw.prepare('PRAGMA user_version').get() as { user_version: number }).user_version === 0);
  if (exists && !bulk) guard(() => database.raw.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  let readers = 0;
  let retired: (() => void) | undefined;

  const use = <T>(work: () => T): T => {
    if (!database.raw.isOpen || retired)
      throw new Rejection('unavailable', `${what}-unavailable`, 'This generation of the model is closed.');
    return guard(work);
  };

  /**
   * Secure deletion zeroes what is deleted, but not the stale copies that stay in a page's free space when its cells were
   * moved to another page. Only a file written anew has none.
   */
  let purgeDue = false;
  const purge = (): void => {
    database.raw.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
    purgeDue = false;
  };

  const queries = new Map<string, StatementSync>();
  const rows: Rows = (sql, params) =>
    use(() => {
      const statement = queries.get(sql) ?? database.raw.prepare(sql);
      queries.delete(sql);
      queries.set(sql, statement);
      if (queries.size > KEPT_STATEMENTS) queries.delete(queries.keys().next().value!);
      return statement.all(...params) as Record<string, Bound>[];
    });

  const fields = declaredFields(definition).map(({ name }) => name);
  const columns = ['revision', ...fields.map(column), 'terms', 'subjects', 'doc'];
  const sql = {
    find: 'SELECT n, revision, terms, subjects FROM documents WHERE id = ?',
    findRemoved: 'SELECT revision FROM removed WHERE id = ?',
    insert: `INSERT INTO documents (${columns.join(', ')}, id) VALUES (${columns.map(() => '?').join(', ')}, ?)`,
    update: `UPDATE documents SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE n = ?`,
    remove: 'DELETE FROM documents WHERE n = ?',
    mark: 'INSERT OR REPLACE INTO removed (id, revision) VALUES (?, ?)',
    unmark: 'DELETE FROM removed WHERE id = ?',
    addToken: 'INSERT OR IGNORE INTO tokens (token, n) VALUES (?, ?)',
    dropToken: 'DELETE FROM tokens WHERE token = ? AND n = ?',
    addSubject: 'INSERT OR IGNORE INTO subjects (subject, n) VALUES (?, ?)',
    dropSubject: 'DELETE FROM subjects WHERE subject = ? AND n = ?',
    progress: 'INSERT OR REPLACE INTO progress (topic, generation, partition, nextOffset, position) VALUES (?, ?, ?, ?, ?)',
    park: `INSERT INTO parked (key, position, event, error, since) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (key, position) DO UPDATE SET error = excluded.error`,
    unpark: 'DELETE FROM parked WHERE key = ? AND position = ?',
  };
  const run = (text: string, ...params: readonly Bound[]) => database.prepare(text).run(...params);

  /** Brings one of the two lists beside a document to its new content: only what differs is written. */
  const relist = (before: Bound | undefined, after: readonly string[], n: number, add: string, remove: string): void => {
    const old = typeof before === 'string' ? (JSON.parse(before) as string[]) : [];
    const [was, is] = [new Set(old), new Set(after)];
    for (const entry of old) if (!is.has(entry)) run(remove, entry, n);
    for (const entry of after) if (!was.has(entry)) run(add, entry, n);
  };

  const writeDocument = ({ id, revision, doc, tokens, subjects }: ModelWrite['documents'][number]): void => {
    const stored = database.prepare(sql.find).get(id) as { n: number; revision: number; terms: Bound; subjects: Bound } | undefined;
    const last = stored?.revision ?? (database.prepare(sql.findRemoved).get(id) as { revision: number } | undefined)?.revision;
    if (last !== undefined && last > revision) return;
    const terms = tokens.length > 0 ? JSON.stringify(tokens) : null;
    const names = subjects.length > 0 ? JSON.stringify(subjects) : null;
    let n = stored?.n;
    if (doc) {
      const values = [revision, ...fields.map((field) => bound(indexedValue(doc, field))), terms, names, JSON.stringify(doc)];
      if (n === undefined) {
        n = Number(run(sql.insert, ...values, id).lastInsertRowid);
        if (last !== undefined) run(sql.unmark, id);
      } else {
        run(sql.update, ...values, n);
      }
    } else {
      if (n !== undefined) run(sql.remove, n);
      run(sql.mark, id, revision);
    }
    if (n === undefined) return;
    // A bulk load files the tokens at its end, from `terms`.
    if (!bulk && (stored?.terms ?? null) !== terms) relist(stored?.terms, tokens, n, sql.addToken, sql.dropToken);
    if ((stored?.subjects ?? null) !== names) relist(stored?.subjects, subjects, n, sql.addSubject, sql.dropSubject);
  };

  const file: ModelFile = {
    generation,
    rows,

    async load(ids) {
      const list = JSON.stringify(ids);
      const found = new Map<string, { revision: number; doc: Document | undefined }>();
      for (const row of rows('SELECT id, revision FROM removed WHERE id IN (SELECT value FROM json_each(?))', [list])) {
        found.set(row['id'] as string, { revision: row['revision'] as number, doc: undefined });
      }
      for (const row of rows('SELECT id, revision, doc FROM documents WHERE id IN (SELECT value FROM json_each(?))', [list])) {
        found.set(row['id'] as string, { revision: row['revision'] as number, doc: JSON.parse(row['doc'] as string) as Document });
      }
      return found;
    },

    idsOfSubject: async (subject) =>
      rows('SELECT d.id FROM subjects s JOIN documents d ON d.n = s.n WHERE s.subject = ?', [subject]).map((row) => row['id'] as string),

    async write({ documents, progress, park = [], unpark = [] }) {
      use(() =>
        database.transaction(() => {
          for (const document of documents) writeDocument(document);
          for (const { key, event, error, since } of park) run(sql.park, key, event.position, JSON.stringify(event), error, since);
          for (const { key, position } of unpark) run(sql.unpark, key, position);
          for (const entry of progress) {
            run(sql.progress, entry.topic, entry.generation, entry.partition, entry.nextOffset, entry.position);
          }
        }),
      );
    },

    progress: async () =>
      rows('SELECT topic, generation, partition, nextOffset, position FROM progress', []) as unknown as Awaited<
        ReturnType<ModelGeneration['progress']>
      >,

    parked: async () =>
      rows('SELECT key, event, error, since FROM parked ORDER BY key, position', []).map((row) => ({
        key: row['key'] as string,
        event: JSON.parse(row['event'] as string),
        error: row['error'] as string,
        since: row['since'] as string,
      })),

    async *all() {
      readers++;
      try {
        let after = '';
        for (;;) {
          const page = guard(() => database.prepare('SELECT id, doc FROM documents WHERE id > ? ORDER BY id LIMIT ?').all(after, PAGE));
          for (const row of page) yield { id: row['id'] as string, doc: JSON.parse(row['doc'] as string) as Document };
          if (page.length < PAGE) return;
          after = page.at(-1)!['id'] as string;
          await setImmediate();
        }
      } finally {
        readers--;
        if (readers === 0) retired?.();
      }
    },

    async complete() {
      if (!bulk) return;
      use(() => {
        for (const statement of indexesOf(definition)) database.raw.exec(statement);
        database.raw.exec(`INSERT INTO tokens (token, n)
          SELECT DISTINCT term.value, d.n FROM documents d, json_each(d.terms) term WHERE d.terms IS NOT NULL ORDER BY 1, 2;
          PRAGMA user_version = 1; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000;`);
        bulk = false;
        if (purgeDue) purge();
      });
      const handle = await open(path, 'r+');
      await handle.sync().finally(() => handle.close());
    },

    async purge() {
      purgeDue = true;
      if (!bulk) use(purge);
    },

    close: () => database.close(),

    async retire() {
      if (readers > 0) await new Promise<void>((resolve) => (retired = resolve));
      database.close();
      await removeModelFile(path);
    },
  };
  return file;
};

/** Removes a generation's file with its write-ahead log. */
export const removeModelFile = async (path: string): Promise<void> => {
  for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(path + suffix, { force: true });
};
