import { LOG_START } from '@sanwang/event-store';
import { linkedController, seatLost, type Lease, type Leases, type RelaySeat, type TopicInfo } from '@sanwang/messaging';
import { z } from 'zod';
import type { Broker } from './broker.ts';
import { closed, noTopic } from './failures.ts';
import type { Sender } from './sender.ts';

/**
 * Names the topic generation that a relay's message was meant for, and never leaves this package. A message that reached a topic
 * made anew meanwhile carries another one than the topic has: the relay is going to publish it again in its place.
 */
export const GENERATION_HEADER = 'sanwang_generation';

/** What a context's relay has published, as it is saved with the lease. */
const Progress = z.object({ topic: z.string(), generation: z.string(), checkpoint: z.number() });

export interface Seats {
  take(context: string, topic: string, signal: AbortSignal): Promise<RelaySeat>;
  checkpoint(context: string): Promise<number>;
  /** Gives up all seats. */
  close(): Promise<void>;
}

const leaseOf = (context: string): string => `relay.${context}`;

/** The seats of the relays, one lease each; the checkpoint is the lease's state. */
export const createSeats = (leases: Leases, broker: Broker, sender: Sender): Seats => {
  const closing = new AbortController();
  const leaving = new Set<() => Promise<void>>();

  const checkpointIn = (state: string | undefined, info: TopicInfo | undefined): number => {
    if (state === undefined || !info) return LOG_START;
    const { topic, generation, checkpoint } = Progress.parse(JSON.parse(state));
    return topic === info.topic && generation === info.generation ? checkpoint : LOG_START;
  };

  const seatOn = (context: string, lease: Lease, topic: TopicInfo): RelaySeat => {
    const left = linkedController(lease.lost, closing.signal);
    let checkpoint = checkpointIn(lease.state, topic);
    let publishing: Promise<void> | undefined;
    const check = async (): Promise<void> => {
      if (left.signal.aborted) throw seatLost(context);
      if ((await broker.recentInfo(topic.topic)).generation !== topic.generation) throw noTopic(topic.topic);
    };
    const leave = async (): Promise<void> => {
      if (!leaving.delete(leave)) return;
      left.abort();
      left.release();
      await publishing?.catch(() => undefined);
      await lease.release().catch(() => undefined);
    };
    leaving.add(leave);
    return {
      topic,
      checkpoint,
      lost: left.signal,
      publish(messages, reached) {
        const work = async (): Promise<void> => {
          await check();
          const stamped = messages.map(({ headers, ...rest }) => ({
            ...rest,
            headers: { ...headers, [GENERATION_HEADER]: topic.generation },
          }));
          if (stamped.length > 0) await sender.send(topic, stamped);
          checkpoint = Math.max(checkpoint, reached);
          const progress: z.infer<typeof Progress> = { topic: topic.topic, generation: topic.generation, checkpoint };
          await lease.save(JSON.stringify(progress)).catch((error: unknown) => {
            throw lease.lost.aborted ? seatLost(context) : error;
          });
        };
        return (publishing = work());
      },
      leave,
    };
  };

  return {
    async take(context, topic, signal) {
      if (closing.signal.aborted) throw closed();
      await broker.recentInfo(topic);
      const waiting = linkedController(signal, closing.signal);
      const lease = await leases.take(leaseOf(context), waiting.signal).finally(waiting.release);
      try {
        const info = await broker.topicInfo(topic);
        if (!info) throw noTopic(topic);
        return seatOn(context, lease, info);
      } catch (error) {
        await lease.release().catch(() => undefined);
        throw error;
      }
    },
    async checkpoint(context) {
      const state = await leases.read(leaseOf(context));
      if (state === undefined) return LOG_START;
      return checkpointIn(state, await broker.topicInfo(Progress.parse(JSON.parse(state)).topic));
    },
    async close() {
      closing.abort();
      await Promise.all([...leaving].map((leave) => leave()));
    },
  };
};
