import { partitionOf, type BusMessage } from '@sanwang/messaging';
import { leasesDouble } from '@sanwang/messaging/doubles';
import { eventually } from '@sanwang/testing';
import type { KafkaMessage } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafka } from './bus.ts';
import { createClient, parseKafkaUrl } from './client.ts';
import { startKafkaTestbed, type KafkaTestbed } from './testbed.ts';

const SOON = 60_000;
const KEYS = Array.from({ length: 40 }, (_, index) => `patrol.Task-${index}`);
const round = (n: number) =>
  KEYS.map((key) => ({ key, headers: { ce_id: `${key}#${n}`, sanwang_position: String(n) }, value: JSON.stringify({ n }) }));

/** What several consumers of a group keep together, as a model does: its content, and where each partition stands. */
const sharedModel = () => {
  const seen = new Map<string, number[]>();
  const next = new Map<string, number>();
  return {
    from: async (_topic: unknown, partition: number) => next.get(String(partition)) ?? 0,
    take(messages: readonly BusMessage[]) {
      for (const { key, partition, offset, value } of messages) {
        const numbers = seen.get(key) ?? [];
        const { n } = JSON.parse(value) as { n: number };
        // Each number once, by its first appearance, as a model refuses older revisions.
        if (n > (numbers.at(-1) ?? -1)) seen.set(key, [...numbers, n]);
        next.set(String(partition), Math.max(next.get(String(partition)) ?? 0, offset + 1));
      }
    },
    /** Every number from 0 in order: nothing lost, and none before its predecessor. */
    complete(rounds: number) {
      const wanted = Array.from({ length: rounds }, (_, n) => n);
      for (const key of KEYS) expect(seen.get(key), key).toEqual(wanted);
    },
  };
};

describe('the bus over brokers that fail', () => {
  let testbed: KafkaTestbed;
  beforeAll(async () => {
    testbed = await startKafkaTestbed();
  });
  afterAll(() => testbed.stop());

  const setUp = async (name: string) => {
    const bus = openKafka(testbed.url, { leases: leasesDouble().connect().leases });
    const topic = `sanwang.${name}.v1`;
    await bus.ensureTopic(topic);
    const aborts: AbortController[] = [];
    const running: Promise<void>[] = [];
    return {
      bus,
      topic,
      consume(model: ReturnType<typeof sharedModel>) {
        const abort = new AbortController();
        aborts.push(abort);
        let taken = 0;
        const loop = async (): Promise<void> => {
          while (!abort.signal.aborted) {
            const handle = async (messages: readonly BusMessage[]): Promise<void> => {
              taken += messages.length;
              model.take(messages);
            };
            await bus
              .consume({ group: `${name}.model.v1`, topics: [topic], from: model.from, handle, signal: abort.signal })
              .catch(() => undefined);
          }
        };
        const done = loop();
        running.push(done);
        return {
          taken: () => taken,
          stop: () => {
            abort.abort();
            return done;
          },
        };
      },
      async close() {
        for (const abort of aborts) abort.abort();
        await Promise.all(running);
        await bus.close();
      },
    };
  };

  it('shares the partitions of a group among its consumers, and loses and disorders nothing when they come and go', async () => {
    const { bus, topic, consume, close } = await setUp('rebalance');
    const model = sharedModel();
    const first = consume(model);
    let second: ReturnType<typeof consume> | undefined;
    let third: ReturnType<typeof consume> | undefined;
    for (let n = 0; n < 120; n++) {
      await bus.send(topic, round(n));
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (n === 20) second = consume(model);
      if (n === 60) third = consume(model);
      if (n === 80) void first.stop();
    }
    await eventually(() => model.complete(120), SOON);
    expect(second!.taken() + third!.taken()).toBeGreaterThan(0);
    await close();
  });

  it('goes on when its broker was killed and came back: nothing acknowledged is lost, nothing out of order', async () => {
    const { bus, topic, consume, close } = await setUp('restart');
    const model = sharedModel();
    consume(model);
    const send = async (n: number): Promise<void> => {
      for (;;) {
        try {
          return await bus.send(topic, round(n));
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable', reason: 'bus-unavailable' });
        }
      }
    };
    for (let n = 0; n < 30; n++) {
      await send(n);
      if (n !== 10) continue;
      testbed.kill(1);
      await testbed.up();
    }
    await eventually(() => model.complete(30), SOON);
    await close();
  });

  it('puts CloudEvents headers and traceparent on the wire, for a client that knows nothing of us', async () => {
    const { bus, topic, close } = await setUp('wire');
    const headers = {
      ce_specversion: '1.0',
      ce_id: 'e-1',
      ce_type: 'sanwang.wire.Noted.v1',
      ce_source: 'sanwang/wire',
      'content-type': 'application/json',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      sanwang_position: '7',
    };
    const seat = await bus.relaySeat('wire', topic, AbortSignal.timeout(SOON));
    await seat.publish([{ key: 'wire.Note-面馆', headers, value: '{"n":7}' }], 7);
    await seat.leave();
    const consumer = createClient(parseKafkaUrl(testbed.url), 'bare').consumer({ groupId: 'bare' });
    const received: (KafkaMessage & { partition: number })[] = [];
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ partition, message }) => void received.push({ ...message, partition }) });
    await eventually(() => expect(received).toHaveLength(1), SOON);
    const [record] = received;
    expect(record!.key!.toString()).toBe('wire.Note-面馆');
    expect(record!.partition).toBe(partitionOf('wire.Note-面馆'));
    expect(record!.value!.toString()).toBe('{"n":7}');
    expect(Object.fromEntries(Object.entries(record!.headers!).map(([name, value]) => [name, String(value)]))).toMatchObject(headers);
    await consumer.disconnect();
    await close();
  });

  it('hands on what a foreign producer wrote, however long, and what follows it', async () => {
    const { bus, topic, close } = await setUp('foreign');
    const kafka = createClient(parseKafkaUrl(testbed.url), 'foreign');
    const admin = kafka.admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '30000000' }];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] });
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ partition: 0, key: null, value: null }] });
    await producer.send({ topic, messages: [{ partition: 0, value: 'x'.repeat(20_000_000) }] });
    await producer.send({ topic, messages: [{ partition: 0, key: 'k', value: Buffer.from([0xff, 0xfe]) }] });
    await producer.disconnect();
    const received: BusMessage[] = [];
    const abort = new AbortController();
    const done = bus.consume({
      group: 'foreign.model.v1',
      topics: [topic],
      from: async () => 0,
      handle: async (messages) => void received.push(...messages),
      signal: abort.signal,
    });
    await eventually(() => expect(received).toHaveLength(3), SOON);
    expect(received[0]).toEqual({ topic, partition: 0, offset: 0, key: '', headers: {}, value: '' });
    expect(received[1]).toMatchObject({ offset: 1, cutFrom: 20_000_000, value: 'x'.repeat(1_024) });
    expect(received[2]).toMatchObject({ offset: 2, key: 'k' });
    abort.abort();
    await done;
    await close();
  });

  it('says that the offset from which a partition is to be read has expired', async () => {
    const { bus, topic, close } = await setUp('expired');
    for (let n = 0; n < 5; n++) await bus.send(topic, round(n));
    const ends = await bus.endOffsets(topic);
    const admin = createClient(parseKafkaUrl(testbed.url), 'expiry').admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 3, offset: String(ends[3]! - 1) }] });
    await admin.disconnect();
    const consuming = bus.consume({
      group: 'expired.model.v1',
      topics: [topic],
      from: async () => 0,
      handle: async () => undefined,
      signal: AbortSignal.timeout(SOON),
    });
    await expect(consuming).rejects.toMatchObject({
      code: 'data-loss',
      reason: 'offset-expired',
      facts: { topic, partition: 3, offset: 0, start: ends[3]! - 1 },
    });
    await close();
  });
});
