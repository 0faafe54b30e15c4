import { existsSync, renameSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Rejection } from '@sanwang/kernel';
import {
  modelHash,
  type Document,
  type DroppedEvent,
  type FrozenModel,
  type ModelDefinition,
  type ModelGeneration,
  type ReachedPosition,
} from '@sanwang/read-model';
import { asRejection, openDatabase, type Database } from './database.ts';
import { copyClean } from './models-copy.ts';
import { column, type Bound, type Rows } from './models-sql.ts';
import { indexesOf, schemaOf } from './models-schema.ts';
import { generationWriter, listsOf } from './models-writer.ts';

/** One generation of a model: a file of its own. */
export interface ModelFile extends ModelGeneration {
  /** Runs a query; its statement is kept for the next time, of the last 100 different ones. */
  readonly rows: Rows;
  complete(): Promise<void>;
  /** From now on no rebuild goes on with it. */
  forgetReached(): void;
  purge(subjects: readonly string[]): Promise<void>;
  close(): void;
  /** Closes as soon as nobody reads it any more, and removes the file. */
  retire(): Promise<void>;
}

const KEPT_STATEMENTS = 100;
/** Ends the name of a file that is about to take another's place. */
const PURGED = '.purged';
const PAGE = 500;
const DROPPED = 'key, position, type, id, error, reason, actor, at';
/** A rollback journal holds only pages that were there before: a load that appends pays little for being able to go on after a crash. */
const BULK = 'PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000;';

const guard = <T>(work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw asRejection(error, 'read-model');
  }
};

async function* allDocuments(database: Database): AsyncGenerator<{ readonly id: string; readonly doc: Document }> {
  let after = '';
  for (;;) {
    const page = guard(() => database.prepare('SELECT id, doc FROM documents WHERE id > ? ORDER BY id LIMIT ?').all(after, PAGE));
    for (const row of page) yield { id: row['id'] as string, doc: JSON.parse(row['doc'] as string) as Document };
    if (page.length < PAGE) return;
    after = page.at(-1)!['id'] as string;
    await setImmediate();
  }
}

/** A generation's documents as they are now, read beside its writer; what he writes from now on is not seen. */
export const freezeFile = (path: string, definition: ModelDefinition): FrozenModel => {
  const database = guard(() => openDatabase(path, { durability: 'normal', readOnly: true }));
  guard(() => database.raw.exec('BEGIN; SELECT 1 FROM documents LIMIT 1;'));
  return { hash: () => modelHash(definition, allDocuments(database)), close: () => database.close() };
};

const isBulk = ({ raw }: Database): boolean => (raw.prepare('PRAGMA user_version').get() as { user_version: number }).user_version === 0;

/** Opens a generation's file, or makes it: then for a bulk load, which `complete` ends. */
export const openModelFile = (path: string, generation: string, definition: ModelDefinition): ModelFile => {
  const exists = existsSync(path);
  const connect = (): Database => {
    const opened = openDatabase(path, { durability: 'normal' });
    try {
      // One connection per file: whoever holds a lock is a stranger, and waiting for him would stop the whole process.
      opened.raw.exec('PRAGMA busy_timeout = 0;');
      // A large sort would otherwise spill opened personal values into a file outside the data folder.
      opened.raw.exec('PRAGMA temp_store = MEMORY;');
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  };
  let connection = guard(connect);
  const database: Database = {
    path,
    get raw() {
      return connection.raw;
    },
    prepare: (sql) => connection.prepare(sql),
    transaction: (work) => connection.transaction(work),
    close: () => connection.close(),
  };
  guard(() => {
    try {
      if (!exists) database.raw.exec(`${BULK} BEGIN; ${schemaOf(definition)} COMMIT;`);
      else if (isBulk(database)) database.raw.exec(BULK);
    } catch (error) {
      database.close();
      throw error;
    }
  });
  let bulk = guard(() => isBulk(database));
  if (exists && !bulk) guard(() => database.raw.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  let readers = 0;
  let retired: (() => void) | undefined;

  const use = <T>(work: () => T): T => {
    if (!database.raw.isOpen || retired)
      throw new Rejection('unavailable', 'read-model-unavailable', 'This generation of the model is closed.');
    return guard(work);
  };

  const queries = new Map<string, StatementSync>();
  /**
   * Secure deletion zeroes what is deleted, but not the stale copies that stay in a page's free space when its cells were
   * moved to another page. Only a file written anew has none. Nothing is written meanwhile: the purge is part of a write.
   */
  let purgeDue = bulk && exists && guard(() => database.raw.prepare('SELECT 1 FROM subjects WHERE n = 0 LIMIT 1').get() !== undefined);
  const stillRead = (): Rejection =>
    new Rejection('unavailable', 'read-model-unavailable', 'What was erased is still being read; the purge must wait.');
  const purge = async (): Promise<void> => {
    const fresh = `${path}${PURGED}`;
    use(() => {
      // A reader of the old pages would make the copy in vain: better to learn of him before.
      const { busy } = database.raw.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      if (busy !== 0) throw stillRead();
    });
    try {
      await copyClean(path, fresh);
      use(() => {
        // This succeeds only where no other connection is left.
        database.raw.exec('PRAGMA journal_mode = DELETE');
        connection.close();
        queries.clear();
        renameSync(fresh, path);
        connection = connect();
        database.raw.exec('DELETE FROM subjects WHERE n = 0');
      });
      purgeDue = false;
    } catch (error) {
      await rm(fresh, { force: true });
      throw asRejection(error, 'read-model');
    }
  };

  const rows: Rows = (sql, params) =>
    use(() => {
      const statement = queries.get(sql) ?? database.raw.prepare(sql);
      queries.delete(sql);
      queries.set(sql, statement);
      if (queries.size > KEPT_STATEMENTS) queries.delete(queries.keys().next().value!);
      return statement.all(...params) as Record<string, Bound>[];
    });

  const write = generationWriter(database, definition, () => bulk);

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

    async write(batch) {
      // What may be gone on with must be whole after a loss of power as well; before, nothing of the file is ever used again.
      if (bulk && batch.reached) use(() => database.raw.exec('PRAGMA synchronous = FULL'));
      use(() => database.transaction(() => write(batch)));
    },

    progress: async () =>
      rows('SELECT topic, generation, partition, nextOffset, position FROM progress', []) as unknown as Awaited<
        ReturnType<ModelGeneration['progress']>
      >,

    reached: async () => rows('SELECT context, position FROM reached', []) as unknown as readonly ReachedPosition[],
    parked: async () =>
      rows('SELECT key, event, error, since FROM parked ORDER BY key, position', []).map((row) => ({
        key: row['key'] as string,
        event: JSON.parse(row['event'] as string),
        error: row['error'] as string,
        since: row['since'] as string,
      })),

    dropped: async () => rows(`SELECT ${DROPPED} FROM dropped ORDER BY position`, []) as unknown as readonly DroppedEvent[],

    async *all() {
      readers++;
      try {
        yield* allDocuments(database);
      } finally {
        readers--;
        if (readers === 0) retired?.();
      }
    },

    async complete() {
      if (!bulk) return;
      use(() => {
        database.transaction(() => {
          for (const statement of indexesOf(definition)) database.raw.exec(statement);
          database.raw.exec(`INSERT INTO tokens (token, n)
            SELECT DISTINCT term.value, d.n FROM documents d, json_each(d.terms) term WHERE d.terms IS NOT NULL ORDER BY 1, 2;`);
          for (const name of listsOf(definition)) {
            database.raw.exec(`INSERT OR IGNORE INTO lists (field, value, n)
              SELECT '${name}', one.value, d.n FROM documents d, json_each(d.${column(name)}) one WHERE d.${column(name)} IS NOT NULL ORDER BY 2, 3;`);
          }
          database.raw.exec('PRAGMA user_version = 1');
        });
        database.raw.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000;`);
        bulk = false;
      });
      if (purgeDue) await purge();
      const handle = await open(path, 'r+');
      await handle.sync().finally(() => handle.close());
    },

    forgetReached: () => use(() => database.raw.exec('DELETE FROM reached')),
    async purge(subjects) {
      const list = JSON.stringify(subjects);
      if (rows('SELECT 1 FROM subjects WHERE subject IN (SELECT value FROM json_each(?)) LIMIT 1', [list]).length === 0) return;
      purgeDue = true;
      if (!bulk) await purge();
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

/** What operators gave up in a generation's file, read beside its writer; nothing in a file of an older format. */
export const droppedIn = (path: string): readonly DroppedEvent[] => {
  const database = openDatabase(path, { durability: 'normal', readOnly: true });
  try {
    const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'dropped'").get();
    return known ? (database.prepare(`SELECT ${DROPPED} FROM dropped`).all() as unknown as readonly DroppedEvent[]) : [];
  } finally {
    database.close();
  }
};

/** Whether a rebuild that broke off noted in this file how far it had come. */
export const canGoOn = (path: string): boolean => {
  let database: DatabaseSync | undefined;
  try {
    // Not read only: what was being written at the end is first taken back.
    database = new DatabaseSync(path);
    return database.prepare('SELECT 1 FROM reached LIMIT 1').get() !== undefined;
  } catch {
    // Not even its tables were made, or the disk lost some of it.
    return false;
  } finally {
    database?.close();
  }
};

/** Removes a generation's file with its write-ahead log. */
export const removeModelFile = async (path: string): Promise<void> => {
  for (const suffix of ['', '-wal', '-shm', '-journal', PURGED]) await rm(path + suffix, { force: true });
};
