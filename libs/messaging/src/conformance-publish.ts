import { LOG_START } from '@sanwang/event-store';
import { eventually } from '@sanwang/testing';
import { expect } from 'vitest';
import { keys, message, numbers, PATIENCE, upTo, type BenchTest } from './conformance-bench.ts';
import { partitionOf } from './murmur2.ts';

/** What a bus owes its relay, and what it keeps. */
export const publishing = (test: BenchTest): void => {
  test('makes a topic once, with sixteen partitions unless said otherwise', async ({ bus, topic }) => {
    const made = await bus.ensureTopic(topic);
    expect(made).toMatchObject({ topic, partitions: 16 });
    expect(await bus.ensureTopic(topic, { partitions: 4 })).toEqual(made);
    expect(await bus.topicInfo(topic)).toEqual(made);
    expect(await bus.endOffsets(topic)).toEqual(new Array(16).fill(0));
    expect((await bus.ensureTopic(`${topic}.small`, { partitions: 3 })).partitions).toBe(3);
  });

  test('knows nothing of a topic that was not made, and refuses to publish to it', async ({ bus, topic, context }) => {
    expect(await bus.topicInfo(topic)).toBeUndefined();
    expect(await bus.endOffsets(topic)).toEqual([]);
    await expect(bus.publish(context, topic, [message('a', 0)], 0)).rejects.toMatchObject({
      code: 'not-found',
      reason: 'topic-not-found',
    });
    expect(await bus.relayCheckpoint(context)).toBe(LOG_START);
  });

  test('moves the relay checkpoint with the messages, never before them and never back', async ({ bus, topic, context }) => {
    await bus.ensureTopic(topic);
    await bus.publish(context, topic, [message('a', 0)], 10);
    expect(await bus.relayCheckpoint(context)).toBe(10);
    await bus.publish(context, topic, [], 30);
    expect(await bus.relayCheckpoint(context)).toBe(30);
    await bus.publish(context, topic, [message('a', 1)], 20);
    expect(await bus.relayCheckpoint(context)).toBe(30);
    await expect(bus.publish(context, `${topic}.other`, [message('a', 2)], 40)).rejects.toMatchObject({ code: 'not-found' });
    expect(await bus.relayCheckpoint(context)).toBe(30);
    expect(await bus.relayCheckpoint(`${context}x`)).toBe(LOG_START);
    expect((await bus.endOffsets(topic))[partitionOf('a')]).toBe(2);
  });

  test('has everything again after a restart', async ({ bus, topic, context, start, publishRounds, reopen }) => {
    const made = await bus.ensureTopic(topic);
    await publishRounds(0, 10);
    const ends = await bus.endOffsets(topic);
    const again = await reopen();
    expect(await again.ensureTopic(topic)).toEqual(made);
    expect(await again.endOffsets(topic)).toEqual(ends);
    expect(await again.relayCheckpoint(context)).toBe(9);
    await publishRounds(10, 5);
    const { received } = start();
    await eventually(() => expect(received).toHaveLength(600), PATIENCE);
    for (const key of keys) expect(numbers(received, key)).toEqual(upTo(15));
  });

  test('is unavailable once it is closed', async ({ bus, topic }) => {
    await bus.close();
    await expect(bus.ensureTopic(topic)).rejects.toMatchObject({ code: 'unavailable', reason: 'bus-unavailable' });
  });
};
