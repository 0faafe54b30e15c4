import { setTimeout as delay } from 'node:timers/promises';
import { leasesDouble } from '@sanwang/messaging/doubles';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafka } from './bus.ts';
import { createClient, parseKafkaUrl } from './client.ts';
import { startKafkaTestbed, type KafkaTestbed } from './testbed.ts';

const KEYS = Array.from({ length: 60 }, (_, index) => `patrol.Task-${index}`);
const round = (n: number) => KEYS.map((key) => ({ key, headers: {}, value: String(n) }));
/** Rounds published before and after the broker is killed. */
const BEFORE = 20;
const ROUNDS = 60;

/** What a topic holds of each key, in its order. */
const contentOf = async (url: string, topic: string): Promise<Map<string, number[]>> => {
  const kafka = createClient(parseKafkaUrl(url), 'reader');
  const admin = kafka.admin();
  await admin.connect();
  const left = (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);
  await admin.disconnect();
  const consumer = kafka.consumer({ groupId: `reader.${topic}` });
  const content = new Map<string, number[]>();
  let read = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const key = message.key!.toString();
      content.set(key, [...(content.get(key) ?? []), Number(message.value!.toString())]);
      if (++read === left) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return content;
};

describe('three brokers, of which one is killed while messages are published', () => {
  let testbed: KafkaTestbed;
  beforeAll(async () => {
    testbed = await startKafkaTestbed({ nodes: 3, properties: 'broker.session.timeout.ms=4000' });
  }, 180_000);
  afterAll(() => testbed.stop());

  /** Sends the rounds, each until it is acknowledged, and kills a broker on the way. Answers what was acknowledged but is not there. */
  const lostBy = async (topic: string, node: number, send: (n: number) => Promise<void>) => {
    for (let n = 0; n < ROUNDS; n++) {
      if (n === BEFORE) testbed.kill(node);
      await send(n);
      await delay(20);
    }
    const content = await contentOf(testbed.url, topic);
    await testbed.up();
    const lost = KEYS.flatMap((key) => Array.from({ length: ROUNDS }, (_, n) => n).filter((n) => !content.get(key)?.includes(n)));
    return { lost: lost.length, content };
  };

  it('shows that kafkajs used as it comes loses messages that were acknowledged', async () => {
    const kafka = createClient(parseKafkaUrl(testbed.url), 'plain');
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'plain', numPartitions: 16 }], waitForLeaders: false });
    await delay(3_000);
    await admin.disconnect();
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1_000_000, maxRetryTime: 2_000 } });
    await producer.connect();
    const { lost } = await lostBy('plain', 2, async (n) => void (await producer.send({ topic: 'plain', messages: round(n) })));
    await producer.disconnect();
    expect(lost).toBeGreaterThan(0);
  }, 180_000);

  it('loses none over the bus, and keeps the order of each key', async () => {
    const bus = openKafka(testbed.url, { leases: leasesDouble().connect().leases });
    await bus.ensureTopic('sanwang.loss.v1');
    const { lost, content } = await lostBy('sanwang.loss.v1', 3, async (n) => {
      for (;;) {
        try {
          return await bus.send('sanwang.loss.v1', round(n));
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
        }
      }
    });
    await bus.close();
    expect(lost).toBe(0);
    for (const key of KEYS) {
      const appeared = [...new Set(content.get(key))];
      expect(appeared).toEqual([...appeared].sort((a, b) => a - b));
    }
  }, 180_000);
});
