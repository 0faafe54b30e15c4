import { declaredFields, type ModelDefinition } from '@sanwang/read-model';
import { declaredIndex, scopeColumns, scopeFields, scopeIndex } from './models-leads.ts';
import { column } from './models-sql.ts';

/**
 * The tables of a generation. `terms`, `subjects` and the columns of list fields repeat, as JSON, in a document's row what the
 * lists beside it hold of it. A subject's entry with `n = 0` tells that stale bytes of its values may be left in the file.
 */
export const schemaOf = (definition: ModelDefinition): string => `
  CREATE TABLE IF NOT EXISTS documents (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL,
    ${declaredFields(definition)
      .map(({ name }) => `${column(name)},`)
      .join(' ')}
    terms TEXT, subjects TEXT, doc TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS removed (id TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS tokens (token TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (token, n)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lists (field TEXT NOT NULL, value NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (field, value, n)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subjects (subject TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (subject, n)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS progress (
    topic TEXT NOT NULL, generation TEXT NOT NULL, partition INTEGER NOT NULL, nextOffset INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (topic, generation, partition)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reached (context TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parked (
    key TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL, error TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (key, position)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dropped (
    position INTEGER PRIMARY KEY, key TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, error TEXT NOT NULL, reason TEXT NOT NULL,
    actor TEXT NOT NULL, at TEXT NOT NULL
  );`;

/** Raised when the indexes become others: models are then built anew. */
export const INDEX_SCHEME = 2;

/**
 * Declared fields, then the id that breaks ties, then the scope: a scan tests jurisdiction without reading the document. List
 * fields are found in `lists`, which every index leads to by the row's number; an index that begins with one is not needed. What a
 * jurisdiction holds is found by indexes of its own, which need no look at the documents.
 */
export const indexesOf = (definition: ModelDefinition): readonly string[] => {
  const lists = new Set(declaredFields(definition).flatMap(({ name, list }) => (list ? [name] : [])));
  const covering = scopeFields(definition).map(
    (field) => `CREATE INDEX IF NOT EXISTS ${scopeIndex(field)} ON documents (${scopeColumns(definition, field).join(', ')})`,
  );
  const declared = definition.indexes.flatMap(({ name, fields }) => {
    if (lists.has(fields[0]!)) return [];
    const { area, unit, owner } = definition.scope ?? {};
    const scope = [area, unit, owner].filter((field) => field !== undefined && !fields.includes(field)) as string[];
    const columns = (some: readonly string[]): string[] => some.filter((field) => !lists.has(field)).map(column);
    return `CREATE INDEX IF NOT EXISTS ${declaredIndex(name)} ON documents (${[...columns(fields), 'id', ...columns(scope)].join(', ')})`;
  });
  return [...covering, ...declared];
};
