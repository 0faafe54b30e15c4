import { LOG_START } from '@sanwang/event-store';
import { eventually } from '@sanwang/testing';
import { expect } from 'vitest';
import { keys, message, numbers, PATIENCE, upTo, type BenchTest } from './conformance-bench.ts';
import { partitionOf } from './murmur2.ts';
import type { BusMessage, TopicInfo } from './port.ts';

/** What a bus owes its consumers. */
export const consuming = (test: BenchTest): void => {
  test('delivers a message as it was published', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    const sent = message('patrol.Task-面馆', 7);
    await bus.send(topic, [sent]);
    const { received } = start();
    await eventually(() => expect(received).toHaveLength(1), PATIENCE);
    expect(received[0]).toEqual({ topic, partition: partitionOf(sent.key), offset: 0, ...sent });
  });

  test("puts a key into the partition that Kafka's murmur2 gives, and numbers each partition from 0", async ({
    bus,
    topic,
    start,
    publishRounds,
  }) => {
    await bus.ensureTopic(topic);
    await publishRounds(0, 3);
    const { received } = start();
    await eventually(() => expect(received).toHaveLength(120), PATIENCE);
    const ends = await bus.endOffsets(topic);
    for (const [partition, end] of ends.entries()) {
      const there = received.filter((one) => one.partition === partition);
      expect(there.map(({ offset }) => offset)).toEqual(upTo(end));
      for (const { key } of there) expect(partitionOf(key)).toBe(partition);
    }
  });

  test('keeps the order of each key while messages are published', async ({ bus, topic, start, publishRounds }) => {
    await bus.ensureTopic(topic);
    const { received } = start();
    await publishRounds(0, 50);
    await eventually(() => expect(received).toHaveLength(2_000), PATIENCE);
    for (const key of keys) expect(numbers(received, key)).toEqual(upTo(50));
  });

  test('takes a large batch, and large messages', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    const large = upTo(5_000).map((n) => message(keys[n % keys.length]!, n));
    const huge = { ...message('patrol.Task-huge', 0), value: JSON.stringify({ n: 0, text: 'x'.repeat(64 * 1024) }) };
    await bus.send(topic, [...large, huge]);
    const { received } = start();
    await eventually(() => expect(received).toHaveLength(5_001), PATIENCE);
    expect(received.find(({ key }) => key === huge.key)!.value).toBe(huge.value);
  });

  test('delivers the same messages again, in order, when the handler throws', async ({ bus, topic, start, publishRounds }) => {
    await bus.ensureTopic(topic);
    await publishRounds(0, 5);
    const taken: BusMessage[] = [];
    let failures = 0;
    start({
      handle: async (messages) => {
        if (failures < 3) {
          failures++;
          throw new Error('planted');
        }
        taken.push(...messages);
      },
    });
    await eventually(() => expect(taken).toHaveLength(200), PATIENCE);
    for (const key of keys) expect(numbers(taken, key)).toEqual(upTo(5));
  });

  test('waits for the handler before it delivers more of the same partition', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    const gate = Promise.withResolvers<void>();
    const begun: BusMessage[][] = [];
    start({
      handle: async (messages) => {
        begun.push([...messages]);
        await gate.promise;
      },
    });
    await bus.send(topic, [message('a', 0)]);
    await eventually(() => expect(begun.flat()).toHaveLength(1), PATIENCE);
    await bus.send(topic, [message('a', 1)]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(numbers(begun.flat(), 'a')).toEqual([0]);
    gate.resolve();
    await eventually(() => expect(numbers(begun.flat(), 'a')).toEqual([0, 1]), PATIENCE);
  });

  test('serves every group for itself: a slow one holds up nobody', async ({ bus, topic, start, publishRounds }) => {
    await bus.ensureTopic(topic);
    const gate = Promise.withResolvers<void>();
    const slow = start({ handle: () => gate.promise });
    const quick = [start(), start()];
    await publishRounds(0, 20);
    for (const { received } of quick) await eventually(() => expect(received).toHaveLength(800), PATIENCE);
    gate.resolve();
    await slow.stop();
  });

  test('begins each partition at the offset that the consumer names', async ({ bus, topic, start, publishRounds }) => {
    await bus.ensureTopic(topic);
    await publishRounds(0, 10);
    const ends = await bus.endOffsets(topic);
    const from = ends.map((end, partition) => Math.floor((end * (partition % 3)) / 2));
    const asked: [TopicInfo, number][] = [];
    const { received } = start({
      from: async (info, partition) => {
        asked.push([info, partition]);
        return from[partition]!;
      },
    });
    const wanted = ends.map((end, partition) => upTo(end).slice(from[partition]));
    await eventually(() => expect(received).toHaveLength(wanted.flat().length), PATIENCE);
    for (const [partition, offsets] of wanted.entries()) {
      expect(received.filter((one) => one.partition === partition).map(({ offset }) => offset)).toEqual(offsets);
    }
    expect(asked[0]![0]).toEqual(await bus.topicInfo(topic));
  });

  test('waits for messages when the consumer stands beyond the end', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    await bus.send(topic, [message('a', 0)]);
    const { received } = start({ from: async (_topic, partition) => (partition === partitionOf('a') ? 3 : 0) });
    await bus.send(
      topic,
      [1, 2, 3, 4].map((n) => message('a', n)),
    );
    await eventually(() => expect(numbers(received, 'a')).toEqual([3, 4]), PATIENCE);
  });

  test('consumes several topics, also one that is made later', async ({ bus, topic, start }) => {
    const later = `${topic}.later`;
    await bus.ensureTopic(topic);
    const { received } = start({ topics: [topic, later] });
    await bus.send(topic, [message('a', 0)]);
    await eventually(() => expect(received).toHaveLength(1), PATIENCE);
    await bus.ensureTopic(later);
    await bus.send(later, [message('a', 0)]);
    await eventually(() => expect(received.map((one) => one.topic).sort()).toEqual([topic, later]), PATIENCE);
  });

  test('asks again where to begin when that failed', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    await bus.send(topic, [message('a', 0)]);
    let failures = 0;
    const { received } = start({
      from: async () => {
        if (failures++ < 2) throw new Error('planted');
        return 0;
      },
    });
    await eventually(() => expect(received).toHaveLength(1), PATIENCE);
  });

  test('ends a consumer when its signal aborts, and delivers nothing more', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    const { received, stop } = start();
    await bus.send(topic, [message('a', 0)]);
    await eventually(() => expect(received).toHaveLength(1), PATIENCE);
    await stop();
    await bus.send(topic, [message('a', 1)]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(received).toHaveLength(1);
  });

  test('ends a consumer that waits for a topic which is never made', async ({ start }) => {
    const { stop } = start();
    await stop();
  });

  test('ends a consumer whose handler fails all the time', async ({ bus, topic, start }) => {
    await bus.ensureTopic(topic);
    await bus.send(topic, [message('a', 0)]);
    let calls = 0;
    const { stop } = start({ handle: () => Promise.reject(new Error(`planted ${calls++}`)) });
    await eventually(() => expect(calls).toBeGreaterThan(1), PATIENCE);
    await stop();
  });

  test('gives a topic made anew another generation, offsets from 0, no checkpoint, and its consumers begin again', async ({
    bus,
    topic,
    context,
    start,
    publishRounds,
    dropTopic,
  }) => {
    const before = await bus.ensureTopic(topic);
    await publishRounds(0, 2);
    const generations = new Set<string>();
    const { received } = start({
      from: async (info) => {
        generations.add(info.generation);
        return 0;
      },
    });
    await eventually(() => expect(received).toHaveLength(80), PATIENCE);
    await dropTopic(topic);
    await eventually(async () => expect(await bus.relayCheckpoint(context)).toBe(LOG_START), PATIENCE);
    const after = await bus.ensureTopic(topic);
    expect(after.generation).not.toBe(before.generation);
    expect(await bus.endOffsets(topic)).toEqual(new Array(16).fill(0));
    await publishRounds(0, 2);
    await eventually(() => expect(received).toHaveLength(160), PATIENCE);
    expect([...generations]).toEqual([before.generation, after.generation]);
  });
};
