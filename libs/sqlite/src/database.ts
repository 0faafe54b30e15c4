import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Rejection } from '@sanwang/kernel';

/** `full`: every commit reaches the disk before it is acknowledged. `normal`: for what can be rebuilt. */
export type Durability = 'full' | 'normal';

/** One SQLite file with one writer in this process. Statements are prepared once and kept. */
export interface Database {
  readonly path: string;
  readonly raw: DatabaseSync;
  prepare(sql: string): StatementSync;
  /** Runs `work` in one IMMEDIATE transaction; rolled back when it throws. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** SQLite's result codes that say something about the world and not about our SQL. */
const FULL = 13;
const CORRUPT = 11;
const NOT_A_DB = 26;
const AWAY = new Set([5, 6, 8, 10, 14, 22]);

/** Turns SQLite's error into the port's `Rejection`; anything else is returned as it is. */
export const asRejection = (error: unknown, what: string): unknown => {
  if (error instanceof Rejection || !(error instanceof Error) || !('errcode' in error)) return error;
  const code = (error.errcode as number) & 0xff;
  if (code === FULL)
    return new Rejection('resource-exhausted', 'storage-full', `The disk of the ${what} is full; nothing was written.`, { cause: error });
  if (code === CORRUPT || code === NOT_A_DB)
    return new Rejection('data-loss', 'damaged-file', `The file of the ${what} is damaged.`, { cause: error });
  if (AWAY.has(code))
    return new Rejection('unavailable', `${what}-unavailable`, `The ${what} cannot be reached at the moment.`, { cause: error });
  return error;
};

/** Opens (or makes) a file in WAL mode. Freed pages are overwritten (`secure_delete`), so that what is erased is gone. */
export const openDatabase = (
  path: string,
  options: { readonly durability: Durability; readonly readOnly?: boolean; readonly schema?: string },
): Database => {
  const raw = new DatabaseSync(path, { readOnly: options.readOnly ?? false });
  if (!options.readOnly) {
    raw.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.durability === 'full' ? 'FULL' : 'NORMAL'}; PRAGMA secure_delete = ON;`,
    );
  }
  raw.exec('PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;');
  if (options.schema && !options.readOnly) raw.exec(options.schema);
  const statements = new Map<string, StatementSync>();
  const database: Database = {
    path,
    raw,
    prepare(sql) {
      let statement = statements.get(sql);
      if (!statement) statements.set(sql, (statement = raw.prepare(sql)));
      return statement;
    },
    transaction(work) {
      raw.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        raw.exec('COMMIT');
        return result;
      } catch (error) {
        if (raw.isTransaction) raw.exec('ROLLBACK');
        throw error;
      }
    },
    close() {
      statements.clear();
      if (raw.isOpen) raw.close();
    },
  };
  return database;
};
