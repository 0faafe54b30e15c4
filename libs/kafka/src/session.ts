import { setTimeout as delay } from 'node:timers/promises';
import { Rejection } from '@sanwang/kernel';
import { aborted, backoffMs, linkedController, pause, type Bus, type TopicInfo } from '@sanwang/messaging';
import type { Kafka } from 'kafkajs';
import type { Bounds, Broker } from './broker.ts';
import { RETRY } from './client.ts';
import { asRejection } from './failures.ts';
import { readPartition, type PartitionReader } from './partition.ts';

export type ConsumeOptions = Parameters<Bus['consume']>[0];

/** Where a consumer's sessions run. */
export interface Surroundings {
  readonly kafka: Kafka;
  readonly broker: Broker;
  readonly brokers: readonly string[];
  /** What earlier assignments have left in the handler's hands, by partition. */
  readonly inHand: Map<string, Promise<void>>;
}

/** How often the topics are looked at, and how often offsets are committed (for tools that show lag; nothing here reads them). */
const LOOK_MS = 2_000;
const COMMIT_MS = 5_000;
const PATIENCE_MS = 5_000;
const BACKOFF = { firstMs: 50, maxMs: 2_000 };

const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;

const offsetExpired = ({ topic }: TopicInfo, partition: number, offset: number, start: number): Rejection =>
  new Rejection('data-loss', 'offset-expired', `${topic}/${partition} begins at ${start}; ${offset} is wanted.`, {
    facts: { topic, partition, offset, start },
  });

/**
 * Reads the topics as they stand, as a member of the group, until the signal aborts or one of the topics is not the same any
 * more. Rejects when kafkajs has given up, or when an offset has expired. Resolves or rejects only when nothing is in flight.
 */
export const runSession = async (
  topics: readonly TopicInfo[],
  options: ConsumeOptions,
  signal: AbortSignal,
  around: Surroundings,
): Promise<void> => {
  const { kafka, broker, brokers, inHand } = around;
  const end = linkedController(signal);
  let failure: Rejection | undefined;
  const fail = (error: unknown): void => {
    failure ??= asRejection(error, brokers);
    end.abort();
  };
  const consumer = kafka.consumer({
    groupId: options.group,
    sessionTimeout: 10_000,
    heartbeatInterval: 1_000,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
  });
  let readers = new Map<string, PartitionReader>();
  let assignment = linkedController(end.signal);

  /** Everything that was assigned before is given up, and the new partitions are paused until their offset is known. */
  const assigned = (memberAssignment: Readonly<Record<string, readonly number[]>>): void => {
    if (end.signal.aborted) return;
    assignment.abort();
    assignment.release();
    assignment = linkedController(end.signal);
    readers = new Map();
    for (const info of topics) {
      const partitions = memberAssignment[info.topic] ?? [];
      if (partitions.length === 0) continue;
      consumer.pause([{ topic: info.topic, partitions: [...partitions] }]);
      const bounds = once(() => broker.bounds(info.topic));
      for (const partition of partitions) void begin(info, partition, bounds, assignment.signal).catch(fail);
    }
  };

  const begin = async (info: TopicInfo, partition: number, bounds: () => Promise<readonly Bounds[]>, until: AbortSignal): Promise<void> => {
    const { topic } = info;
    const key = keyOf(topic, partition);
    await inHand.get(key);
    for (let attempt = 0; !until.aborted; attempt++) {
      try {
        const from = await options.from(info, partition);
        const low = (await bounds())[partition]?.low ?? 0;
        if (until.aborted) return;
        if (from < low) throw offsetExpired(info, partition, from, low);
        readers.set(key, readPartition(info, partition, from, readingOf(until)));
        consumer.seek({ topic, partition, offset: String(from) });
        consumer.resume([{ topic, partitions: [partition] }]);
        return;
      } catch (error) {
        if (error instanceof Rejection && error.reason === 'offset-expired') throw error;
        await pause(backoffMs(attempt, BACKOFF), until);
      }
    }
  };
  const readingOf = (until: AbortSignal) => ({
    signal: until,
    broker,
    handle: options.handle,
    busy: (topic: string, partition: number, working: Promise<void>) => void inHand.set(keyOf(topic, partition), working),
    pause: (topic: string, partition: number) => consumer.pause([{ topic, partitions: [partition] }]),
    resume: (topic: string, partition: number) => consumer.resume([{ topic, partitions: [partition] }]),
    changed: () => end.abort(),
    expired: (...where: Parameters<typeof offsetExpired>) => fail(offsetExpired(...where)),
  });

  const look = async (): Promise<void> => {
    const present = await Promise.all(options.topics.map((topic) => broker.topicInfo(topic)));
    const known = new Map(topics.map(({ topic, generation }) => [topic, generation]));
    if (options.topics.some((topic, index) => present[index]?.generation !== known.get(topic))) end.abort();
  };
  const commit = async (): Promise<void> => {
    const offsets = [...readers].map(([key, { handled }]) => {
      const slash = key.lastIndexOf('/');
      return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)), offset: String(handled) };
    });
    if (offsets.length > 0) await consumer.commitOffsets(offsets);
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => assigned(payload.memberAssignment));
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  const start = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics: topics.map(({ topic }) => topic), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: topics.reduce((sum, { partitions }) => sum + partitions, 0),
      eachBatch: async (payload) => readers.get(keyOf(payload.batch.topic, payload.batch.partition))?.take(payload),
    });
  };
  /** kafkajs must not be disconnected while it joins: it would go on joining. What takes long to begin is left to itself. */
  const disconnect = async (): Promise<void> => {
    const begun = starting.catch(() => undefined).then(() => consumer.disconnect().catch(() => undefined));
    await Promise.race([begun, delay(PATIENCE_MS, undefined, { ref: false })]);
  };
  const starting = start();
  const timers = [every(LOOK_MS, look), every(COMMIT_MS, commit)];
  try {
    const ended = aborted(end.signal);
    await Promise.race([starting, ended]);
    await ended;
  } catch (error) {
    fail(error);
  } finally {
    for (const timer of timers) clearInterval(timer);
    end.abort();
    end.release();
    await disconnect();
    await Promise.all(inHand.values());
  }
  if (failure && !signal.aborted) throw failure;
};

const every = (ms: number, work: () => Promise<void>): NodeJS.Timeout => {
  let running = false;
  return setInterval(() => {
    if (running) return;
    running = true;
    void work()
      .catch(() => undefined)
      .finally(() => (running = false));
  }, ms).unref();
};

/** The work's result, asked for once; a failed attempt does not count. */
const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let result: Promise<T> | undefined;
  return () =>
    (result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    }));
};
