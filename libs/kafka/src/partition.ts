import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs, pause, type BusMessage, type TopicInfo } from '@sanwang/messaging';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Broker } from './broker.ts';
import { generationOf, toBusMessage } from './message.ts';

type Handle = (messages: readonly BusMessage[]) => Promise<void>;

/** What a partition needs of the consumer that reads it. */
export interface Reading {
  /** Aborts when the partition is no longer read by this consumer. */
  readonly signal: AbortSignal;
  readonly handle: Handle;
  readonly broker: Broker;
  /** The handler has messages of the partition until `working` resolves. */
  busy(topic: string, partition: number, working: Promise<void>): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  /** The topic is another than the one that is read. */
  changed(): void;
  /** What comes next is no longer there: it begins at `start`. */
  expired(topic: TopicInfo, partition: number, offset: number, start: number): void;
}

/** Messages of one call of the handler. */
const MOST_MESSAGES = 1_000;
/** So long (ms) a batch keeps its place in kafkajs, whose fetching and heartbeats wait for it; then the partition is paused. */
const HOLD_MS = 1_500;
const BACKOFF = { firstMs: 50, maxMs: 5_000 };

/** One partition from the offset that its consumer names. */
export interface PartitionReader {
  /** Takes in a batch; resolves when it is handled, or when the partition is paused until it is. */
  take(batch: EachBatchPayload): Promise<void>;
  /** Everything below it is handled. */
  readonly handled: number;
}

export const readPartition = (topic: TopicInfo, partition: number, from: number, reading: Reading): PartitionReader => {
  const { signal, broker } = reading;
  let next = from;
  let handled = from;
  let done = true;

  const deliver = async (messages: readonly BusMessage[]): Promise<void> => {
    for (let start = 0; start < messages.length; start += MOST_MESSAGES) {
      const some = messages.slice(start, start + MOST_MESSAGES);
      for (let attempt = 0; ; attempt++) {
        if (signal.aborted) return;
        try {
          await reading.handle(some);
          break;
        } catch {
          await pause(backoffMs(attempt, BACKOFF), signal);
        }
      }
      handled = some.at(-1)!.offset + 1;
    }
  };

  /** False when the topic is another one, or no longer holds what comes next. */
  const stillThere = async (): Promise<boolean> => {
    const info = await broker.topicInfo(topic.topic);
    if (info?.generation !== topic.generation) {
      reading.changed();
      return false;
    }
    const low = (await broker.bounds(topic.topic))[partition]?.low ?? 0;
    if (low > next) reading.expired(topic, partition, next, low);
    return low <= next;
  };

  return {
    get handled() {
      return handled;
    },
    async take({ batch, resolveOffset, isStale }) {
      if (!done) return;
      const records = batch.messages.filter(({ offset }) => Number(offset) >= next);
      const misplaced = (record: KafkaMessage): boolean => (generationOf(record) ?? topic.generation) !== topic.generation;
      const first = records.length > 0 ? Number(records[0]!.offset) : next;
      // A gap: kafkajs goes to the beginning by itself when an offset is gone. A message for another generation: the topic was
      // made anew, or this one went astray when it was.
      if ((first > next || records.some(misplaced)) && !(await stillThere())) return;
      if (signal.aborted || isStale()) return;
      const messages = records.filter((record) => !misplaced(record)).map((record) => toBusMessage(topic.topic, partition, record));
      next = Math.max(next, Number(batch.lastOffset()) + 1);
      const end = next;
      done = false;
      const working = deliver(messages).finally(() => {
        done = true;
        if (!signal.aborted) handled = end;
      });
      reading.busy(topic.topic, partition, working);
      await Promise.race([working, delay(HOLD_MS, undefined, { signal, ref: false }).catch(() => undefined)]);
      if (signal.aborted) return;
      resolveOffset(batch.lastOffset());
      if (done) return;
      reading.pause(topic.topic, partition);
      void working.then(() => {
        if (!signal.aborted) reading.resume(topic.topic, partition);
      });
    },
  };
};
