import { declaredFields, indexedValue, listedValues, type ModelDefinition, type ModelWrite, type Scalar } from '@sanwang/read-model';
import type { Database } from './database.ts';
import { bound, column, type Bound } from './models-sql.ts';

/** The fields of a model that are lists. */
export const listsOf = (definition: ModelDefinition): readonly string[] =>
  declaredFields(definition).flatMap(({ name, list }) => (list ? [name] : []));

/** Writes batches into a generation's tables, inside the caller's transaction. */
export const generationWriter = (database: Database, definition: ModelDefinition, isBulk: () => boolean): ((batch: ModelWrite) => void) => {
  const declared = declaredFields(definition);
  const fields = declared.map(({ name }) => name);
  const lists = listsOf(definition);
  const columns = ['revision', ...fields.map(column), 'terms', 'subjects', 'doc'];
  const sql = {
    find: `SELECT ${['n', 'revision', 'terms', 'subjects', ...lists.map(column)].join(', ')} FROM documents WHERE id = ?`,
    findRemoved: 'SELECT revision FROM removed WHERE id = ?',
    insert: `INSERT INTO documents (${columns.join(', ')}, id) VALUES (${columns.map(() => '?').join(', ')}, ?)`,
    update: `UPDATE documents SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE n = ?`,
    remove: 'DELETE FROM documents WHERE n = ?',
    mark: 'INSERT OR REPLACE INTO removed (id, revision) VALUES (?, ?)',
    unmark: 'DELETE FROM removed WHERE id = ?',
    addToken: 'INSERT OR IGNORE INTO tokens (token, n) VALUES (?, ?)',
    dropToken: 'DELETE FROM tokens WHERE token = ? AND n = ?',
    addSubject: 'INSERT OR IGNORE INTO subjects (subject, n) VALUES (?, ?)',
    dropSubject: 'UPDATE OR REPLACE subjects SET n = 0 WHERE subject = ? AND n = ?',
    addValue: 'INSERT OR IGNORE INTO lists (value, n, field) VALUES (?, ?, ?)',
    dropValue: 'DELETE FROM lists WHERE value = ? AND n = ? AND field = ?',
    progress: 'INSERT OR REPLACE INTO progress (topic, generation, partition, nextOffset, position) VALUES (?, ?, ?, ?, ?)',
    reached: 'INSERT OR REPLACE INTO reached (context, position) VALUES (?, ?)',
    park: `INSERT INTO parked (key, position, event, error, since) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (key, position) DO UPDATE SET error = excluded.error`,
    unpark: 'DELETE FROM parked WHERE key = ? AND position = ?',
    drop: 'INSERT OR IGNORE INTO dropped (position, key, type, id, error, reason, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  };
  const run = (text: string, ...params: readonly Bound[]) => database.prepare(text).run(...params);

  /** Brings one of the lists beside a document to its new content: only what differs is written. */
  const relist = (before: Bound | undefined, after: Bound, n: number, add: string, remove: string, ...rest: readonly string[]): void => {
    const entries = (list: Bound | undefined): readonly Bound[] =>
      typeof list === 'string' ? (JSON.parse(list) as Scalar[]).map(bound) : [];
    if ((before ?? null) === after) return;
    const [old, now] = [entries(before), entries(after)];
    const [was, is] = [new Set(old), new Set(now)];
    for (const entry of old) if (!is.has(entry)) run(remove, entry, n, ...rest);
    for (const entry of now) if (!was.has(entry)) run(add, entry, n, ...rest);
  };
  const listText = (entries: readonly Scalar[]): string | null => (entries.length > 0 ? JSON.stringify(entries) : null);

  const writeDocument = ({ id, revision, doc, tokens, subjects }: ModelWrite['documents'][number]): void => {
    const stored = database.prepare(sql.find).get(id) as Record<string, Bound> | undefined;
    const last = stored ?? (database.prepare(sql.findRemoved).get(id) as Record<string, Bound> | undefined);
    if (last && (last['revision'] as number) > revision) return;
    const terms = listText(doc ? tokens : []);
    const names = listText(doc ? subjects : []);
    const values = new Map(declared.map(({ name, list }) => [name, doc && list ? listText(listedValues(doc, name)) : null]));
    let n = stored?.['n'] as number | undefined;
    if (doc) {
      const cells = declared.map(({ name, list }) => (list ? values.get(name)! : bound(indexedValue(doc, name))));
      const row = [revision, ...cells, terms, names, JSON.stringify(doc)];
      if (n === undefined) {
        n = Number(run(sql.insert, ...row, id).lastInsertRowid);
        if (last) run(sql.unmark, id);
      } else {
        run(sql.update, ...row, n);
      }
    } else {
      if (n !== undefined) run(sql.remove, n);
      run(sql.mark, id, revision);
    }
    if (n === undefined) return;
    relist(stored?.['subjects'], names, n, sql.addSubject, sql.dropSubject);
    // A bulk load files all else at its end, from the documents' rows.
    if (isBulk()) return;
    relist(stored?.['terms'], terms, n, sql.addToken, sql.dropToken);
    for (const name of lists) relist(stored?.[column(name).slice(1, -1)], values.get(name)!, n, sql.addValue, sql.dropValue, name);
  };

  return ({ documents, progress, reached = [], park = [], unpark = [], drop = [] }) => {
    for (const document of documents) writeDocument(document);
    for (const { key, event, error, since } of park) run(sql.park, key, event.position, JSON.stringify(event), error, since);
    for (const { key, position } of unpark) run(sql.unpark, key, position);
    for (const { position, key, type, id, error, reason, actor, at } of drop) {
      run(sql.drop, position, key, type, id, error, reason, actor, at);
    }
    for (const entry of progress) run(sql.progress, entry.topic, entry.generation, entry.partition, entry.nextOffset, entry.position);
    for (const { context, position } of reached) run(sql.reached, context, position);
  };
};
