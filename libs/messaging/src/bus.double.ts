import { setTimeout as delay } from 'node:timers/promises';
import { LOG_START } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { createBell } from './bell.ts';
import { backoffMs, linkedController, pause } from './backoff.ts';
import { partitionOf } from './murmur2.ts';
import { DEFAULT_PARTITIONS, type Bus, type BusMessage, type OutgoingMessage, type RelaySeat, type TopicInfo } from './port.ts';
import { seatLost } from './seat-lost.ts';
import { createTurns } from './turns.ts';

interface Topic {
  readonly info: TopicInfo;
  readonly partitions: BusMessage[][];
}

/** A bus in memory that behaves as a remote one: each partition is delivered by itself, a few messages at a time, with delays. */
export const busDouble = () => {
  const topics = new Map<string, Topic>();
  const checkpoints = new Map<string, { readonly topic: Topic; readonly checkpoint: number }>();
  const turns = createTurns();
  const seats = new Map<string, AbortController>();
  const bell = createBell();
  let made = 0;
  let away = false;

  const reach = async (): Promise<void> => {
    await delay(Math.random());
    if (away) throw new Rejection('unavailable', 'bus-unavailable', 'The bus is away.');
  };
  const topicOf = (name: string): Topic => {
    const topic = topics.get(name);
    if (!topic) throw new Rejection('not-found', 'topic-not-found', `There is no topic ${name}.`);
    return topic;
  };
  const put = (topic: Topic, messages: readonly OutgoingMessage[]): void => {
    for (const message of messages) {
      const partition = partitionOf(message.key, topic.info.partitions);
      const there = topic.partitions[partition]!;
      there.push({ topic: topic.info.topic, partition, offset: there.length, ...message });
    }
    bell.ring();
  };
  const checkpointOf = (context: string): number => {
    const relay = checkpoints.get(context);
    return relay && [...topics.values()].includes(relay.topic) ? relay.checkpoint : LOG_START;
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
      relayCheckpoint: call(checkpointOf),
      async relaySeat(context, name, signal): Promise<RelaySeat> {
        await call(() => topicOf(name))();
        const waiting = linkedController(signal, closing.signal);
        const leave = await turns.take(context, waiting.signal).finally(waiting.release);
        const lost = linkedController(closing.signal);
        seats.set(context, lost);
        const stand = async (): Promise<void> => {
          lost.release();
          lost.abort();
          leave();
        };
        lost.signal.addEventListener('abort', leave, { once: true });
        try {
          const topic = topicOf(name);
          return {
            topic: topic.info,
            checkpoint: checkpointOf(context),
            lost: lost.signal,
            publish: call((messages, checkpoint) => {
              if (lost.signal.aborted) throw seatLost(context);
              if (topicOf(name) !== topic) throw new Rejection('not-found', 'topic-not-found', `The topic ${name} was made anew.`);
              put(topic, messages);
              checkpoints.set(context, { topic, checkpoint: Math.max(checkpointOf(context), checkpoint) });
            }),
            leave: stand,
          };
        } catch (error) {
          await stand();
          throw error;
        }
      },
      send: call((name, messages) => put(topicOf(name), messages)),
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
    /** Takes the seat of a context's relay from whoever has it. */
    unseat: (context: string): void => seats.get(context)?.abort(),
    /** Takes the server away, or brings it back. */
    setAway: (value: boolean): void => void (away = value),
    messages: (name: string): readonly BusMessage[] => topics.get(name)?.partitions.flat() ?? [],
  };
};
