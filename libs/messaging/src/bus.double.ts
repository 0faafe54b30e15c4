import { setTimeout as delay } from 'node:timers/promises';
import { LOG_START } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { createBell } from './bell.ts';
import { backoffMs, linkedController, pause } from './backoff.ts';
import { partitionOf } from './murmur2.ts';
import { DEFAULT_PARTITIONS, type Bus, type BusMessage, type TopicInfo } from './port.ts';

interface Topic {
  readonly info: TopicInfo;
  readonly partitions: BusMessage[][];
}

/** A bus in memory that behaves as a remote one: each partition is delivered by itself, a few messages at a time, with delays. */
export const busDouble = () => {
  const topics = new Map<string, Topic>();
  const checkpoints = new Map<string, { readonly topic: Topic; readonly checkpoint: number }>();
  const bell = createBell();
  let made = 0;
  let away = false;

  const reach = async (): Promise<void> => {
    await delay(Math.random());
    if (away) throw new Rejection('unavailable', 'bus-unavailable', 'The bus is away.');
  };
  const connect = (): Bus => {
    const closing = new AbortController();
    const call =
      <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
      async (...args: Args): Promise<Result> => {
        if (closing.signal.aborted) throw new Rejection('unavailable', 'bus-unavailable', 'The bus is closed.');
        await reach();
        return work(...args);
      };
    const deliver = async (topic: Topic, partition: number, options: Parameters<Bus['consume']>[0], signal: AbortSignal): Promise<void> => {
      const current = (): boolean => !signal.aborted && topics.get(topic.info.topic) === topic;
      let next: number | undefined;
      for (let attempt = 0; current();) {
        try {
          next ??= await options.from(topic.info, partition);
          const messages = topic.partitions[partition]!.slice(next, next + 7);
          if (messages.length === 0) {
            await bell.wait();
            continue;
          }
          await reach();
          await options.handle(messages);
          next += messages.length;
          attempt = 0;
        } catch {
          await pause(backoffMs(attempt++, { firstMs: 5, maxMs: 100 }), signal);
        }
      }
    };
    return {
      ensureTopic: call((name, options = {}) => {
        let topic = topics.get(name);
        if (!topic) {
          const partitions = options.partitions ?? DEFAULT_PARTITIONS;
          topic = { info: { topic: name, partitions, generation: `g${made++}` }, partitions: Array.from({ length: partitions }, () => []) };
          topics.set(name, topic);
          bell.ring();
        }
        return topic.info;
      }),
      topicInfo: call((name) => topics.get(name)?.info),
      endOffsets: call((name) => topics.get(name)?.partitions.map(({ length }) => length) ?? []),
      relayCheckpoint: call((context) => {
        const relay = checkpoints.get(context);
        return relay && [...topics.values()].includes(relay.topic) ? relay.checkpoint : LOG_START;
      }),
      publish: call((context, name, messages, checkpoint) => {
        const topic = topics.get(name);
        if (!topic) throw new Rejection('not-found', 'topic-not-found', `There is no topic ${name}.`);
        for (const message of messages) {
          const partition = partitionOf(message.key, topic.info.partitions);
          const messagesThere = topic.partitions[partition]!;
          messagesThere.push({ topic: name, partition, offset: messagesThere.length, ...message });
        }
        const before = checkpoints.get(context);
        checkpoints.set(context, { topic, checkpoint: before?.topic === topic ? Math.max(before.checkpoint, checkpoint) : checkpoint });
        bell.ring();
      }),
      async consume(options) {
        const { signal } = linkedController(options.signal, closing.signal);
        signal.addEventListener('abort', () => bell.ring(), { once: true });
        const follow = async (name: string): Promise<void> => {
          while (!signal.aborted) {
            const topic = topics.get(name);
            if (!topic) await bell.wait();
            else await Promise.all(topic.partitions.map((_, partition) => deliver(topic, partition, options, signal)));
          }
        };
        await Promise.all(options.topics.map(follow));
      },
      close: async () => closing.abort(),
    };
  };

  return {
    connect,
    dropTopic: async (name: string): Promise<void> => {
      topics.delete(name);
      bell.ring();
    },
    /** Takes the server away, or brings it back. */
    setAway: (value: boolean): void => void (away = value),
    messages: (name: string): readonly BusMessage[] => topics.get(name)?.partitions.flat() ?? [],
  };
};
