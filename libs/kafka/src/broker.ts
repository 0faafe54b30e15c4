import { setTimeout as delay } from 'node:timers/promises';
import { Rejection } from '@sanwang/kernel';
import { backoffMs, type TopicInfo } from '@sanwang/messaging';
import type { Admin, Kafka } from 'kafkajs';
import { asRejection, closed, isProtocolError, noTopic } from './failures.ts';

/** First offset and next offset of a partition. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What the bus asks the cluster about topics. Failures are the port's Rejections. */
export interface Broker {
  topicInfo(topic: string): Promise<TopicInfo | undefined>;
  /** `topicInfo` from memory, where that is not older than a second. Rejects with `not-found/topic-not-found`. */
  recentInfo(topic: string): Promise<TopicInfo>;
  /** By partition; `[]` when there is no such topic. */
  bounds(topic: string): Promise<readonly Bounds[]>;
  /** `replication` absent: the brokers' default. */
  makeTopic(topic: string, partitions: number, config: Readonly<Record<string, string>>, replication?: number): Promise<void>;
  /** Another call of kafkajs's admin client. */
  admin<T>(work: (admin: Admin) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const RECENT_MS = 1_000;
const ATTEMPTS = 6;
const BACKOFF = { firstMs: 50, maxMs: 1_000 };
const STALE = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION', 'NOT_CONTROLLER'];
const UNKNOWN_TOPIC = 3;
const TOPIC_DENIED = 29;

export const createBroker = (kafka: Kafka, brokers: readonly string[]): Broker => {
  let connecting: Promise<Admin> | undefined;
  let over = false;
  const recent = new Map<string, { readonly info: TopicInfo | undefined; readonly at: number }>();

  const connect = async (): Promise<Admin> => {
    const admin = kafka.admin({ retry: { retries: 4 } });
    await admin.connect();
    return admin;
  };
  /**
   * A client that has failed is not used again: it may hold on to a topic that is gone, or to a broker's old address. What it
   * knew no longer of a topic just made or removed, the next one learns.
   */
  const call = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      if (over) throw closed();
      const mine = (connecting ??= connect());
      try {
        return await work(await mine);
      } catch (error) {
        if (connecting === mine) connecting = undefined;
        void mine.then((admin) => admin.disconnect()).catch(() => undefined);
        if (attempt === ATTEMPTS || !isProtocolError(error, ...STALE)) throw asRejection(error, brokers);
        await delay(backoffMs(attempt, BACKOFF));
      }
    }
  };

  const topicInfo = async (topic: string): Promise<TopicInfo | undefined> => {
    const [found] = await call((admin) => admin.fetchTopicIds({ topics: [topic] }));
    if (found?.errorCode === TOPIC_DENIED) {
      throw new Rejection(
        'permission-denied',
        'bus-permission-denied',
        `Kafka at ${brokers.join(', ')}: no right to see the topic ${topic}.`,
      );
    }
    const there = found && found.errorCode !== UNKNOWN_TOPIC && found.partitions > 0;
    const info = there ? { topic, partitions: found.partitions, generation: found.id } : undefined;
    recent.set(topic, { info, at: performance.now() });
    return info;
  };

  return {
    topicInfo,
    async recentInfo(topic) {
      if (over) throw closed();
      const known = recent.get(topic);
      const info = known?.info && performance.now() - known.at < RECENT_MS ? known.info : await topicInfo(topic);
      if (!info) throw noTopic(topic);
      return info;
    },
    async bounds(topic) {
      if (!(await topicInfo(topic))) return [];
      const partitions = await call((admin) => admin.fetchTopicOffsets(topic));
      return partitions.toSorted((a, b) => a.partition - b.partition).map(({ low, high }) => ({ low: Number(low), high: Number(high) }));
    },
    makeTopic: (topic, partitions, config, replication = -1) =>
      call(async (admin) => {
        const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
        try {
          await admin.createTopics({
            topics: [{ topic, numPartitions: partitions, replicationFactor: replication, configEntries }],
            waitForLeaders: false,
          });
        } catch (error) {
          if (!isProtocolError(error, 'TOPIC_ALREADY_EXISTS')) throw error;
        }
      }),
    admin: call,
    async close() {
      over = true;
      await connecting?.then((admin) => admin.disconnect()).catch(() => undefined);
    },
  };
};
