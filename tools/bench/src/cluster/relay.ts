import { LOG_START, published } from '@sanwang/event-store';
import type { Catalogue } from '@sanwang/kernel';
import { partitionOf, startRelay, toMessage, topicOf, type Bus, type OutgoingMessage } from '@sanwang/messaging';
import type { ClusterSize } from './size.ts';
import type { Figure } from '../report.ts';
import { median, range } from '../statistics.ts';
import { ROUND_TOPIC, type BenchServers } from './servers.ts';

const BATCH = 500;
const CAUGHT_UP_MS = 120_000;

/** The context's messages in log order. */
const messagesOf = async ({ store }: BenchServers, catalogue: Catalogue): Promise<readonly OutgoingMessage[]> => {
  const messages: OutgoingMessage[] = [];
  for await (const { events } of published(store, catalogue, { after: LOG_START })) messages.push(...events.map(toMessage));
  return messages;
};

/** Seconds from the seat to the last acknowledged message. */
const relayed = async ({ store, bus }: BenchServers, catalogue: Catalogue, topic: string): Promise<number> => {
  const stop = new AbortController();
  let begun = 0;
  const seated: Bus = {
    ...bus,
    async relaySeat(context, on, signal) {
      const seat = await bus.relaySeat(context, on, signal);
      begun = performance.now();
      return seat;
    },
  };
  const relay = startRelay({ store, catalogue, published, bus: seated, topic, signal: stop.signal, batchSize: BATCH });
  try {
    await relay.caughtUp(await store.head(`${catalogue.context}.`), CAUGHT_UP_MS);
    return (performance.now() - begun) / 1000;
  } finally {
    stop.abort();
    await relay.done;
  }
};

/** The same messages by a bare producer: of each batch one send per partition, all at once, the next batch when all are acknowledged. */
const produced = async ({ kafka, bus }: BenchServers, messages: readonly OutgoingMessage[], topic: string): Promise<number> => {
  const { partitions } = await bus.ensureTopic(topic);
  const createPartitioner =
    () =>
    ({ message }: { message: { partition?: number } }): number =>
      message.partition!;
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, createPartitioner });
  await producer.connect();
  try {
    const begun = performance.now();
    for (let at = 0; at < messages.length; at += BATCH) {
      const batch = messages.slice(at, at + BATCH).map((message) => ({ ...message, partition: partitionOf(message.key, partitions) }));
      const sends = [...Map.groupBy(batch, ({ partition }) => partition).values()];
      await Promise.all(sends.map((there) => producer.send({ topic, messages: there, acks: -1 })));
    }
    return (performance.now() - begun) / 1000;
  } finally {
    await producer.disconnect();
  }
};

/** Events per second from the log onto the bus; afterwards the context's own topic holds them. */
export const relayRate = async (servers: BenchServers, catalogue: Catalogue, size: ClusterSize): Promise<readonly Figure[]> => {
  const messages = await messagesOf(servers, catalogue);
  const rates: { readonly relay: number; readonly bare: number }[] = [];
  let cpu = 0;
  // The first round warms up and does not count; the last one publishes to where services look.
  for (let round = 0; round <= size.rounds; round++) {
    const bare = messages.length / (await produced(servers, messages, `${ROUND_TOPIC}bare.${round}`));
    const topic = round === size.rounds ? topicOf(catalogue.context) : `${ROUND_TOPIC}${round}`;
    const before = process.cpuUsage();
    const relay = messages.length / (await relayed(servers, catalogue, topic));
    const { user, system } = process.cpuUsage(before);
    cpu = (user + system) / messages.length;
    if (round > 0) rates.push({ relay, bare });
  }
  const value = median(rates.map(({ relay }) => relay));
  const floor = median(rates.map(({ bare }) => bare));
  return [
    {
      id: 'relay',
      name: 'relay, KurrentDB double → Kafka',
      unit: 'events/s',
      value,
      floor,
      ratio: value / floor,
      spread: range(rates.map(({ relay, bare }) => relay / bare)),
      aim: null,
      met: null,
      beside: { 'CPU of the relay per event, from the double (µs)': cpu, 'events of a round (double)': messages.length },
    },
  ];
};
