import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LOG_START } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import {
  backoffMs,
  createBell,
  createTurns,
  DEFAULT_PARTITIONS,
  linkedController,
  pause,
  seatLost,
  type Bus,
  type BusMessage,
  type OutgoingMessage,
} from '@sanwang/messaging';
import { createHeaderNames, createTopicTable, openTopic, type StoredTopic } from './bus-topic.ts';
import { asRejection, openDatabase } from './database.ts';

/** The embedded bus also lets a topic be removed; it comes back empty, as a new generation. */
export interface SqliteBus extends Bus {
  dropTopic(topic: string): Promise<void>;
  /** Bounds the file (pages of 4 KiB); publishing beyond it fails with `resource-exhausted/storage-full`. */
  limitPages(pages: number): void;
}

/** Messages of one delivery: about as long as the event loop may be kept from others. */
const BATCH = 500;
const BACKOFF = { firstMs: 20, maxMs: 2_000 };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS topics (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL,
    generation TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS relays (context TEXT NOT NULL PRIMARY KEY, generation TEXT NOT NULL, checkpoint INTEGER NOT NULL) STRICT;
`;

/**
 * The bus in one SQLite file, for one process: open it once. It is not synced at each commit: after a power cut its end may
 * be lost, together with the relay's checkpoint, and the relay writes the same messages at the same offsets again (see
 * docs/adr/0005-embedded-bus-durability.md). Making a topic is synced.
 */
export const openBus = (path: string): SqliteBus => {
  const database = openDatabase(path, { durability: 'normal', schema: SCHEMA });
  const names = createHeaderNames(database);
  const topics = new Map<string, StoredTopic>();
  const topicsChanged = createBell();
  const closing = new AbortController();
  /** A second consumer of a group stands by until the first has ended. */
  const groups = createTurns();
  const seats = createTurns();
  const relays = new Map<string, { readonly generation: string; readonly checkpoint: number }>();

  for (const row of database.prepare('SELECT id, topic, partitions, generation FROM topics').all()) {
    const { id, topic, partitions, generation } = row as unknown as { id: number; topic: string; partitions: number; generation: string };
    topics.set(topic, openTopic(database, names, id, { topic, partitions, generation }));
  }
  for (const row of database.prepare('SELECT context, generation, checkpoint FROM relays').all()) {
    relays.set(row['context'] as string, { generation: row['generation'] as string, checkpoint: row['checkpoint'] as number });
  }
  const generations = (): ReadonlySet<string> => new Set([...topics.values()].map(({ info }) => info.generation));

  /** Every call is synchronous inside; errors of SQLite become the port's. */
  const guarded = async <T>(work: () => T): Promise<T> => {
    if (closing.signal.aborted) throw new Rejection('unavailable', 'bus-unavailable', 'The bus is closed.');
    try {
      return work();
    } catch (error) {
      throw asRejection(error, 'bus');
    }
  };
  const synced = <T>(work: () => T): T => {
    database.raw.exec('PRAGMA synchronous = FULL');
    try {
      return database.transaction(work);
    } finally {
      database.raw.exec('PRAGMA synchronous = NORMAL');
    }
  };

  const makeTopic = (topic: string, partitions: number): StoredTopic => {
    const info = { topic, partitions, generation: randomUUID() };
    const id = synced(() => {
      const insert = database.prepare('INSERT INTO topics (topic, partitions, generation) VALUES (?, ?, ?)');
      const made = Number(insert.run(topic, partitions, info.generation).lastInsertRowid);
      createTopicTable(database, made);
      return made;
    });
    const stored = openTopic(database, names, id, info);
    topics.set(topic, stored);
    topicsChanged.ring();
    return stored;
  };

  const madeTopic = (name: string): StoredTopic => {
    const topic = topics.get(name);
    if (!topic) throw noTopic(name);
    return topic;
  };
  const checkpointOf = (context: string): number => {
    const relay = relays.get(context);
    return relay && generations().has(relay.generation) ? relay.checkpoint : LOG_START;
  };
  /** In one transaction: the messages, and the checkpoint of the relay that they come from. */
  const insert = (
    topic: StoredTopic,
    messages: readonly OutgoingMessage[],
    from?: { readonly context: string; readonly checkpoint: number },
  ): void => {
    const { generation } = topic.info;
    const before = from && relays.get(from.context);
    const least = before?.generation === generation ? before.checkpoint : LOG_START;
    const checkpoint = Math.max(least, from?.checkpoint ?? LOG_START);
    let inserted;
    try {
      inserted = database.transaction(() => {
        if (from) database.prepare('INSERT OR REPLACE INTO relays VALUES (?, ?, ?)').run(from.context, generation, checkpoint);
        return topic.insert(messages);
      });
    } catch (error) {
      names.forget();
      throw error;
    }
    if (from) relays.set(from.context, { generation, checkpoint });
    inserted.commit();
  };

  /** Delivers a topic from a sequence number on, until the signal aborts or the topic is another. */
  const deliver = async (topic: StoredTopic, from: readonly number[], handle: Handle, signal: AbortSignal): Promise<void> => {
    let next = topic.sequenceOf(from);
    for (;;) {
      if (signal.aborted || topics.get(topic.info.topic) !== topic) return;
      const batch = topic.read(next, BATCH);
      if (batch.length === 0) {
        await topic.bell.wait();
        continue;
      }
      const wanted = batch.filter((message) => message.offset >= from[message.partition]!);
      if (wanted.length > 0) await untilHandled(wanted, handle, signal);
      next += batch.length;
      await nextTurn();
    }
  };

  const follow = async (name: string, options: ConsumeOptions, signal: AbortSignal): Promise<void> => {
    for (let attempt = 0; !signal.aborted;) {
      const topic = topics.get(name);
      if (!topic) {
        await topicsChanged.wait();
        continue;
      }
      try {
        const partitions = Array.from({ length: topic.info.partitions }, (_, partition) => partition);
        const from = await Promise.all(partitions.map((partition) => options.from(topic.info, partition)));
        attempt = 0;
        await deliver(topic, from, options.handle, signal);
      } catch {
        await pause(backoffMs(attempt++, BACKOFF), signal);
      }
    }
  };

  return {
    ensureTopic: (topic, options = {}) =>
      guarded(() => (topics.get(topic) ?? makeTopic(topic, options.partitions ?? DEFAULT_PARTITIONS)).info),
    topicInfo: (topic) => guarded(() => topics.get(topic)?.info),
    endOffsets: (topic) => guarded(() => topics.get(topic)?.endOffsets ?? []),

    relayCheckpoint: (context) => guarded(() => checkpointOf(context)),
    async relaySeat(context, topic, signal) {
      await guarded(() => madeTopic(topic));
      const waiting = linkedController(signal, closing.signal);
      const stand = await seats.take(context, waiting.signal).finally(waiting.release);
      let left = false;
      const leave = async (): Promise<void> => {
        left = true;
        stand();
      };
      try {
        return await guarded(() => {
          const stored = madeTopic(topic);
          return {
            topic: stored.info,
            checkpoint: checkpointOf(context),
            lost: closing.signal,
            publish: (messages, checkpoint) =>
              guarded(() => {
                if (left) throw seatLost(context);
                if (madeTopic(topic) !== stored) throw noTopic(topic);
                insert(stored, messages, { context, checkpoint });
              }),
            leave,
          };
        });
      } catch (error) {
        await leave();
        throw error;
      }
    },
    send: (topic, messages) => guarded(() => insert(madeTopic(topic), messages)),

    async consume(options) {
      const { signal, release } = linkedController(options.signal, closing.signal);
      const wakeAll = (): void => {
        topicsChanged.ring();
        for (const name of options.topics) topics.get(name)?.bell.ring();
      };
      signal.addEventListener('abort', wakeAll, { once: true });
      const leave = await groups.take(options.group, signal).catch(() => undefined);
      await Promise.all(options.topics.map((name) => follow(name, options, signal)));
      leave?.();
      release();
    },

    dropTopic: (name) =>
      guarded(() => {
        const topic = topics.get(name);
        if (!topic) return;
        synced(() => {
          const id = database.prepare('SELECT id FROM topics WHERE topic = ?').get(name)!['id'] as number;
          database.prepare('DELETE FROM topics WHERE id = ?').run(id);
          database.raw.exec(`DROP TABLE messages_${id}`);
        });
        topics.delete(name);
        topic.bell.ring();
      }),

    limitPages: (pages) => database.raw.exec(`PRAGMA max_page_count = ${pages}`),

    async close() {
      closing.abort();
      database.close();
    },
  };
};

const noTopic = (name: string): Rejection =>
  new Rejection('not-found', 'topic-not-found', `There is no topic ${name}, or it was made anew.`);

type ConsumeOptions = Parameters<Bus['consume']>[0];
type Handle = ConsumeOptions['handle'];

const untilHandled = async (messages: readonly BusMessage[], handle: Handle, signal: AbortSignal): Promise<void> => {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await handle(messages);
    } catch {
      await pause(backoffMs(attempt, BACKOFF), signal);
    }
  }
};
