import { partitionOf, type OutgoingMessage, type TopicInfo } from '@sanwang/messaging';
import type { Kafka, Producer } from 'kafkajs';
import { asRejection, closed } from './failures.ts';

/** Publishes messages of one topic: partitions in parallel, each partition's in order, with one request outstanding. */
export interface Sender {
  /**
   * Resolves when the brokers have acknowledged all. When it rejects nothing is under way any more, some partitions may hold their
   * part, and of each partition a first part: sent again from the beginning, order of first appearance holds.
   */
  send(topic: TopicInfo, messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** One request carries at most so much: a broker takes 1 MiB unless told otherwise. */
const MOST_BYTES = 512 * 1024;
const MOST_MESSAGES = 1_000;

interface Spent {
  readonly producer: Producer;
  inFlight: number;
  spent: boolean;
}

export const createSender = (kafka: Kafka, brokers: readonly string[]): Sender => {
  let connecting: Promise<Spent> | undefined;
  let over = false;
  /** Of each partition, the end of what is being sent to it. */
  const tails = new Map<string, Promise<void>>();

  const connect = async (): Promise<Spent> => {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: inMessage,
    });
    await producer.connect();
    return { producer, inFlight: 0, spent: false };
  };

  /** After a rejected request the numbering of an idempotent producer is in doubt: the next one gets a new producer. */
  const sendOne = async (topic: string, messages: readonly Message[]): Promise<void> => {
    if (over) throw closed();
    const mine = (connecting ??= connect());
    let used: Spent | undefined;
    try {
      used = await mine;
      used.inFlight++;
      await used.producer.send({ topic, messages: [...messages], acks: -1, timeout: 10_000 });
    } catch (error) {
      if (connecting === mine) connecting = undefined;
      if (used) used.spent = true;
      throw asRejection(error, brokers);
    } finally {
      if (used && --used.inFlight === 0 && used.spent) void used.producer.disconnect().catch(() => undefined);
    }
  };

  /** One after the other for each partition, also of different calls: several at a time would change places when tried again. */
  const inTurn = (partition: string, work: () => Promise<void>): Promise<void> => {
    const mine = (tails.get(partition) ?? Promise.resolve()).then(work);
    const tail = mine.then(
      () => undefined,
      () => undefined,
    );
    tails.set(partition, tail);
    void tail.then(() => {
      if (tails.get(partition) === tail) tails.delete(partition);
    });
    return mine;
  };

  return {
    async send({ topic, partitions }, messages) {
      const outgoing = messages.map((message) => ({ ...message, partition: partitionOf(message.key, partitions) }));
      const sent = [...Map.groupBy(outgoing, ({ partition }) => partition)].map(([partition, there]) =>
        inTurn(`${topic}/${partition}`, async () => {
          for (const request of inRequests(there)) await sendOne(topic, request);
        }),
      );
      for (const result of await Promise.allSettled(sent)) if (result.status === 'rejected') throw result.reason;
    },
    async close() {
      over = true;
      await Promise.allSettled(tails.values());
      await connecting?.then(({ producer }) => producer.disconnect()).catch(() => undefined);
    },
  };
};

type Message = OutgoingMessage & { readonly partition: number };

/** The partition is ours to compute, and in the message. */
const inMessage = () => {
  return ({ message }: { message: { partition?: number } }): number => message.partition!;
};

const sizeOf = ({ key, value, headers }: OutgoingMessage): number => {
  let size = Buffer.byteLength(key) + Buffer.byteLength(value) + 32;
  for (const [name, text] of Object.entries(headers)) size += name.length + Buffer.byteLength(text) + 4;
  return size;
};

const inRequests = (messages: readonly Message[]): readonly Message[][] => {
  const requests: Message[][] = [];
  let size = Infinity;
  for (const message of messages) {
    const bytes = sizeOf(message);
    if (size + bytes > MOST_BYTES || requests.at(-1)!.length >= MOST_MESSAGES) {
      requests.push([]);
      size = 0;
    }
    requests.at(-1)!.push(message);
    size += bytes;
  }
  return requests;
};
