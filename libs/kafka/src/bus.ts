import { linkedController, pause, DEFAULT_PARTITIONS, type Bus, type Leases } from '@sanwang/messaging';
import { createBroker } from './broker.ts';
import { createClient, parseKafkaUrl } from './client.ts';
import { asRejection, closed } from './failures.ts';
import { createSeats } from './seat.ts';
import { createSender } from './sender.ts';
import { runSession } from './session.ts';
import { KEPT_FOR_EVER } from './topics.ts';

export interface KafkaOptions {
  /** Where the relays' seats and checkpoints are. */
  readonly leases: Leases;
  /** Shows in the brokers' logs and quotas. */
  readonly clientId?: string;
}

/** How often a consumer looks for topics while there is none of its own. */
const WAIT_FOR_TOPICS_MS = 1_000;

/**
 * The bus over Kafka. A topic's generation is its topic id; a topic that a service finds missing is made with unlimited
 * retention, where it has the right to. `consume` rejects with `unavailable/bus-unavailable` or
 * `permission-denied/bus-permission-denied` when the brokers do not answer for about thirteen seconds, or refuse us.
 */
export const openKafka = (url: string, { leases, clientId = 'sanwang' }: KafkaOptions): Bus => {
  const address = parseKafkaUrl(url);
  const { brokers } = address;
  const kafka = createClient(address, clientId);
  const closing = new AbortController();
  const broker = createBroker(kafka, brokers);
  const sender = createSender(kafka, brokers);
  const seats = createSeats(leases, broker, sender);

  return {
    async ensureTopic(topic, options = {}) {
      const present = await broker.topicInfo(topic);
      if (present) return present;
      await broker.makeTopic(topic, options.partitions ?? DEFAULT_PARTITIONS, KEPT_FOR_EVER);
      for (;;) {
        const made = await broker.topicInfo(topic);
        if (made) return made;
        if (closing.signal.aborted) throw closed();
        await pause(50, closing.signal);
      }
    },
    topicInfo: (topic) => broker.topicInfo(topic),
    endOffsets: async (topic) => (await broker.bounds(topic)).map(({ high }) => high),
    relayCheckpoint: (context) => seats.checkpoint(context),
    relaySeat: (context, topic, signal) => seats.take(context, topic, signal),
    send: async (topic, messages) => sender.send(await broker.recentInfo(topic), messages),
    async consume(options) {
      const { signal, release } = linkedController(options.signal, closing.signal);
      const inHand = new Map<string, Promise<void>>();
      try {
        while (!signal.aborted) {
          const infos = await Promise.all(options.topics.map((topic) => broker.topicInfo(topic)));
          const present = infos.filter((info) => info !== undefined);
          if (present.length > 0) await runSession(present, options, signal, { kafka, broker, brokers, inHand });
          else await pause(WAIT_FOR_TOPICS_MS, signal);
        }
      } catch (error) {
        if (!signal.aborted) throw asRejection(error, brokers);
      } finally {
        release();
      }
    },
    async close() {
      closing.abort();
      await seats.close();
      await Promise.all([sender.close(), broker.close()]);
    },
  };
};
