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
    const notFound = { code: 'not-found', reason: 'topic-not-found' };
    expect(await bus.topicInfo(topic)).toBeUndefined();
    expect(await bus.endOffsets(topic)).toEqual([]);
    await expect(bus.send(topic, [message('a', 0)])).rejects.toMatchObject(notFound);
    await expect(bus.relaySeat(context, topic, AbortSignal.timeout(PATIENCE))).rejects.toMatchObject(notFound);
    expect(await bus.relayCheckpoint(context)).toBe(LOG_START);
  });

  test('moves the relay checkpoint with the messages, never before them and never back', async ({ bus, topic, context }) => {
    const made = await bus.ensureTopic(topic);
    const seat = await bus.relaySeat(context, topic, AbortSignal.timeout(PATIENCE));
    expect(seat.topic).toEqual(made);
    expect(seat.checkpoint).toBe(LOG_START);
    await seat.publish([message('a', 0)], 10);
    expect(await bus.relayCheckpoint(context)).toBe(10);
    await seat.publish([], 30);
    expect(await bus.relayCheckpoint(context)).toBe(30);
    await seat.publish([message('a', 1)], 20);
    expect(await bus.relayCheckpoint(context)).toBe(30);
    await bus.send(topic, [message('a', 2)]);
    expect(await bus.relayCheckpoint(context)).toBe(30);
    expect(await bus.relayCheckpoint(`${context}x`)).toBe(LOG_START);
    expect((await bus.endOffsets(topic))[partitionOf('a')]).toBe(3);
    expect(seat.lost.aborted).toBe(false);
    await seat.leave();
  });

  test("gives a context's seat to one at a time, and the next one goes on where the last stood", async ({ bus, topic, context }) => {
    await bus.ensureTopic(topic);
    const patience = AbortSignal.timeout(PATIENCE);
    const first = await bus.relaySeat(context, topic, patience);
    let seated = false;
    const second = bus.relaySeat(context, topic, patience).finally(() => (seated = true));
    const other = await bus.relaySeat(`${context}x`, topic, patience);
    await first.publish([message('a', 0)], 10);
    expect(seated).toBe(false);
    await first.leave();
    const next = await second;
    expect(next.checkpoint).toBe(10);
    await expect(first.publish([message('a', 1)], 20)).rejects.toMatchObject({ code: 'unavailable', reason: 'seat-lost' });
    await next.publish([message('a', 1)], 15);
    expect(await bus.relayCheckpoint(context)).toBe(15);
    expect((await bus.endOffsets(topic))[partitionOf('a')]).toBe(2);
    await next.leave();
    await other.leave();
  });

  test('ends the waiting for a seat when the signal aborts', async ({ bus, topic, context }) => {
    await bus.ensureTopic(topic);
    const seat = await bus.relaySeat(context, topic, AbortSignal.timeout(PATIENCE));
    const abort = new AbortController();
    const waiting = bus.relaySeat(context, topic, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 20);
    await expect(waiting).rejects.toThrow('enough');
    await seat.publish([message('a', 0)], 0);
    await seat.leave();
    await (await bus.relaySeat(context, topic, AbortSignal.timeout(PATIENCE))).leave();
  });

  test('publishes nothing from a seat to a topic made anew meanwhile', async ({ bus, topic, context, dropTopic }) => {
    await bus.ensureTopic(topic);
    const seat = await bus.relaySeat(context, topic, AbortSignal.timeout(PATIENCE));
    await seat.publish([message('a', 0)], 10);
    await dropTopic(topic);
    await eventually(async () => expect(await bus.topicInfo(topic)).toBeUndefined(), PATIENCE);
    await bus.ensureTopic(topic);
    await expect(seat.publish([message('a', 1)], 20)).rejects.toMatchObject({ code: 'not-found', reason: 'topic-not-found' });
    expect(await bus.relayCheckpoint(context)).toBe(LOG_START);
    await seat.leave();
    expect(await bus.endOffsets(topic)).toEqual(new Array(16).fill(0));
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
