import type { StatementSync } from 'node:sqlite';
import { createBell, partitionOf, type Bell, type BusMessage, type OutgoingMessage, type TopicInfo } from '@sanwang/messaging';
import type { Database } from './database.ts';

/** The newest messages of a topic, kept in memory so that the dozen consumers at its end read the file not at all. */
const TAIL_MESSAGES = 2_000;
const TAIL_CHARACTERS = 2_000_000;

/** A topic in the file: one table, its rowid the sequence over all partitions. Its numbers are kept in memory: there is one writer. */
export interface StoredTopic {
  readonly info: TopicInfo;
  readonly bell: Bell;
  /** The sequence number of the next message. */
  readonly end: number;
  readonly endOffsets: readonly number[];
  /** Inserts inside the caller's transaction; `commit` makes the messages visible, and is not called after a rollback. */
  insert(messages: readonly OutgoingMessage[]): { commit(): void };
  /** The lowest sequence number from which none of the partitions' wanted offsets is missed. */
  sequenceOf(from: readonly number[]): number;
  read(from: number, limit: number): readonly BusMessage[];
}

/** A list of header names; messages of one kind have the same, so a row holds the number of the list and the values only. */
export interface HeaderNames {
  idOf(names: readonly string[]): number;
  namesOf(id: number): readonly string[];
  /** After a rollback, which may have undone a list just made. */
  forget(): void;
}

export const createHeaderNames = (database: Database): HeaderNames => {
  database.raw.exec('CREATE TABLE IF NOT EXISTS header_names (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT');
  const ids = new Map<string, number>();
  const lists = new Map<number, readonly string[]>();
  return {
    idOf(names) {
      const text = names.join('\n');
      let id = ids.get(text);
      if (id === undefined) {
        database.prepare('INSERT INTO header_names (names) VALUES (?) ON CONFLICT DO NOTHING').run(text);
        id = database.prepare('SELECT id FROM header_names WHERE names = ?').get(text)!['id'] as number;
        ids.set(text, id);
      }
      return id;
    },
    namesOf(id) {
      let names = lists.get(id);
      if (!names) {
        const row = database.prepare('SELECT names FROM header_names WHERE id = ?').get(id)!;
        lists.set(id, (names = (row['names'] as string).split('\n')));
      }
      return names;
    },
    forget() {
      ids.clear();
      lists.clear();
    },
  };
};

/** Makes the table of topic number `id`. */
export const createTopicTable = (database: Database, id: number): void =>
  database.raw.exec(`
    CREATE TABLE messages_${id} (seq INTEGER PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL, key TEXT NOT NULL,
      header_names INTEGER NOT NULL, headers TEXT NOT NULL, value TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX messages_${id}_offset ON messages_${id} (partition, offset);
  `);

export const openTopic = (database: Database, names: HeaderNames, id: number, info: TopicInfo): StoredTopic => {
  const table = `messages_${id}`;
  const arrays = (sql: string): StatementSync => {
    const statement = database.raw.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  const insert = database.raw.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const select = arrays(`SELECT partition, offset, key, header_names, headers, value FROM ${table} WHERE seq >= ? ORDER BY seq LIMIT ?`);
  const at = arrays(`SELECT seq FROM ${table} WHERE partition = ? AND offset = ?`);
  const last = arrays(`SELECT max(offset) FROM ${table} WHERE partition = ?`);
  const one = (statement: StatementSync, ...values: number[]): number | null | undefined =>
    (statement.get(...values) as unknown as [number | null] | undefined)?.[0];

  let end = (one(arrays(`SELECT max(seq) FROM ${table}`)) ?? 0) + 1;
  let endOffsets = Array.from({ length: info.partitions }, (_, partition) => (one(last, partition) ?? -1) + 1);
  let tail: BusMessage[] = [];
  let tailCharacters = 0;
  const bell = createBell();

  const keep = (messages: readonly BusMessage[]): void => {
    for (const message of messages) {
      tail.push(message);
      tailCharacters += message.value.length;
    }
    if (tail.length <= TAIL_MESSAGES && tailCharacters <= TAIL_CHARACTERS) return;
    while (tail.length > TAIL_MESSAGES / 2 || tailCharacters > TAIL_CHARACTERS / 2) {
      const dropped = tail.splice(0, Math.ceil(tail.length / 4));
      if (dropped.length === 0) break;
      for (const { value } of dropped) tailCharacters -= value.length;
    }
  };

  return {
    info,
    bell,
    get end() {
      return end;
    },
    get endOffsets() {
      return endOffsets;
    },
    insert(messages) {
      const offsets = [...endOffsets];
      let seq = end;
      const stored = messages.map(({ key, headers, value }): BusMessage => {
        const partition = partitionOf(key, info.partitions);
        const offset = offsets[partition]!++;
        insert.run(seq++, partition, offset, key, names.idOf(Object.keys(headers)), JSON.stringify(Object.values(headers)), value);
        return { topic: info.topic, partition, offset, key, headers, value };
      });
      return {
        commit() {
          end = seq;
          endOffsets = offsets;
          keep(stored);
          bell.ring();
        },
      };
    },
    sequenceOf: (from) =>
      from.reduce((lowest, offset, partition) => {
        const seq = offset < endOffsets[partition]! ? one(at, partition, offset) : undefined;
        return Math.min(lowest, seq ?? end);
      }, end),
    read(from, limit) {
      const tailStart = end - tail.length;
      if (from >= tailStart) return tail.slice(from - tailStart, from - tailStart + limit);
      return (select.all(from, limit) as unknown as Row[]).map(([partition, offset, key, headerNames, values, value]) => ({
        topic: info.topic,
        partition,
        offset,
        key,
        headers: headersOf(names.namesOf(headerNames), JSON.parse(values) as string[]),
        value,
      }));
    },
  };
};

type Row = [partition: number, offset: number, key: string, headerNames: number, headers: string, value: string];

const headersOf = (names: readonly string[], values: readonly string[]): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (let index = 0; index < names.length; index++) headers[names[index]!] = values[index]!;
  return headers;
};
