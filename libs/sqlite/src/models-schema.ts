import { declaredFields, type ModelDefinition } from '@sanwang/read-model';
import { column } from './models-query.ts';

/** The tables of a generation; `terms` and `subjects` repeat in a document's row what the lists beside it hold of it. */
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
  CREATE TABLE IF NOT EXISTS subjects (subject TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (subject, n)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS progress (
    topic TEXT NOT NULL, generation TEXT NOT NULL, partition INTEGER NOT NULL, nextOffset INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (topic, generation, partition)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parked (
    key TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL, error TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (key, position)
  ) WITHOUT ROWID;`;

/** Declared fields, then the id that breaks ties, then the scope: a scan tests jurisdiction without reading the document. */
export const indexesOf = (definition: ModelDefinition): readonly string[] =>
  definition.indexes.map(({ name, fields }) => {
    const { area, unit, owner } = definition.scope ?? {};
    const scope = [area, unit, owner].filter((field) => field !== undefined && !fields.includes(field)) as string[];
    return `CREATE INDEX IF NOT EXISTS "i_${name}" ON documents (${[...fields.map(column), 'id', ...scope.map(column)].join(', ')})`;
  });
