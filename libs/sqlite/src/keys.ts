import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, openSync } from 'node:fs';
import type { Keys, SubjectKey } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { openDatabase, type Database } from './database.ts';
import { groupCommit } from './group-commit.ts';
import { rejecting } from './rejecting.ts';

/** Key bytes never move once written (rows are added at the end and overwritten in place), so nothing of them is left behind. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS keys (number INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE, id TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS destroyed (subject TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS secrets (purpose TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;
const KEY_BYTES = 32;
const REMEMBERED_KEYS = 10_000;

const guarded = <T>(work: () => T): T => rejecting('key-store', work);

const stored = (database: Database, subject: string): SubjectKey | 'destroyed' | undefined => {
  if (database.prepare('SELECT 1 FROM destroyed WHERE subject = ?').get(subject)) return 'destroyed';
  return database.prepare('SELECT id, bytes FROM keys WHERE subject = ?').get(subject) as SubjectKey | undefined;
};

/** Look-ups with a memory that another connection's writes clear. */
const lookups = (database: Database) => {
  const remembered = new Map<string, SubjectKey | 'destroyed'>();
  let version: unknown;

  const remember = (subject: string, key: SubjectKey | 'destroyed'): void => {
    if (remembered.size >= REMEMBERED_KEYS) remembered.delete(remembered.keys().next().value!);
    remembered.set(subject, key);
  };
  return {
    find(subjects: readonly string[]): Map<string, SubjectKey | 'destroyed'> {
      const now = database.prepare('PRAGMA data_version').get()!['data_version'];
      if (now !== version) remembered.clear();
      version = now;
      const found = new Map<string, SubjectKey | 'destroyed'>();
      for (const subject of subjects) {
        let key = remembered.get(subject);
        if (!key && (key = stored(database, subject))) remember(subject, key);
        if (key) found.set(subject, key);
      }
      return found;
    },
    destroyed: (): readonly string[] =>
      database
        .prepare('SELECT subject FROM destroyed ORDER BY subject')
        .all()
        .map((row) => row['subject'] as string),
    forget: (subject: string): void => void remembered.delete(subject),
  };
};

const erased = (subject: string): Rejection =>
  new Rejection('failed-precondition', 'subject-erased', `The personal data of ${subject} was erased for good.`, { facts: { subject } });

/**
 * Opens (or makes) the key file, readable by its owner only, as its only writer. Keys made in one turn of the event loop
 * share one durable transaction. `destroy` overwrites the key's bytes in the file and empties the write-ahead log.
 */
export const openKeys = (path: string): Keys => {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const database = guarded(() => openDatabase(path, { durability: 'full', schema: SCHEMA }));
  const { find, destroyed, forget } = lookups(database);

  const make = (subject: string): SubjectKey => {
    const key = { id: randomBytes(9).toString('base64url'), bytes: new Uint8Array(randomBytes(KEY_BYTES)) };
    database.prepare('INSERT INTO keys (subject, id, bytes) VALUES (?, ?, ?)').run(subject, key.id, key.bytes);
    return key;
  };
  const ensureOne = (subjects: readonly string[]): ReadonlyMap<string, SubjectKey> | Rejection => {
    const keys = new Map<string, SubjectKey>();
    const missing: string[] = [];
    for (const subject of subjects) {
      const key = stored(database, subject);
      if (key === 'destroyed') return erased(subject);
      if (key) keys.set(subject, key);
      else missing.push(subject);
    }
    for (const subject of missing) keys.set(subject, make(subject));
    return keys;
  };
  const group = groupCommit<readonly string[], ReadonlyMap<string, SubjectKey>>((requests) =>
    guarded(() => database.transaction(() => requests.map((subjects) => ensureOne(subjects)))),
  );

  const emptyWriteAheadLog = (): void => {
    const result = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
    if (result?.['busy'] !== 0) {
      throw new Rejection(
        'unavailable',
        'key-store-unavailable',
        'A reader holds the key file; destroy the key again to remove its last traces.',
      );
    }
  };

  return {
    find: async (subjects) => guarded(() => find(subjects)),
    async ensure(subjects) {
      const found = guarded(() => find(subjects));
      const known = subjects.every((subject) => typeof found.get(subject) === 'object');
      return known ? (found as Map<string, SubjectKey>) : group.add(subjects);
    },
    async destroy(subject) {
      group.flush();
      guarded(() => {
        database.transaction(() => {
          database.prepare(`UPDATE keys SET bytes = zeroblob(${KEY_BYTES}) WHERE subject = ?`).run(subject);
          database.prepare('INSERT OR IGNORE INTO destroyed (subject, at) VALUES (?, ?)').run(subject, new Date().toISOString());
        });
        forget(subject);
        emptyWriteAheadLog();
      });
    },
    destroyed: async () => guarded(destroyed),
    secret: async (purpose) =>
      guarded(() =>
        database.transaction(() => {
          database.prepare('INSERT OR IGNORE INTO secrets (purpose, bytes) VALUES (?, ?)').run(purpose, randomBytes(KEY_BYTES));
          return database.prepare('SELECT bytes FROM secrets WHERE purpose = ?').get(purpose)!['bytes'] as Uint8Array;
        }),
      ),
    async close() {
      if (!database.raw.isOpen) return;
      group.flush();
      database.close();
    },
  };
};

/** What a worker thread needs: keys to open fields with, and nothing that writes. */
export type KeyReader = Pick<Keys, 'find' | 'destroyed' | 'close'>;

/** Opens the key file for reading beside its writer; a key destroyed there is destroyed here from the next look-up on. */
export const openKeyReader = (path: string): KeyReader => {
  const database = guarded(() => openDatabase(path, { durability: 'full', readOnly: true }));
  const { find, destroyed } = lookups(database);
  return {
    find: async (subjects) => guarded(() => find(subjects)),
    destroyed: async () => guarded(destroyed),
    close: async () => database.close(),
  };
};
