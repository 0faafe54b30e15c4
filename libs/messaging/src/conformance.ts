import { randomUUID } from 'node:crypto';
import { LOG_START } from '@sanwang/event-store';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { partitionOf } from './murmur2.ts';
import type { Bus, BusMessage, OutgoingMessage, TopicInfo } from './port.ts';

/** A server with a bus open on it. `reopen` closes the bus and opens another on the same content. */
export interface BusFixture {
  readonly bus: Bus;
  reopen(): Promise<Bus>;
  /** Removes a topic behind the bus's back. */
  dropTopic(topic: string): Promise<void>;
  close(): Promise<void>;
}

/** A remote server may take its time. */
const PATIENCE = 20_000;

const message = (key: string, n: number): OutgoingMessage => ({
  key,
  headers: { ce_id: `${key}#${n}`, 'content-type': 'application/json', sanwang_position: String(n) },
  value: JSON.stringify({ n, text: '面馆 – “quoted”\n' }),
});
const keys = Array.from({ length: 40 }, (_, index) => `patrol.Task-${index}`);
const numbers = (messages: readonly BusMessage[], key: string): number[] =>
  messages.filter((one) => one.key === key).map(({ value }) => (JSON.parse(value) as { n: number }).n);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** What every bus must do. */
export const busConformance = (name: string, open: () => Promise<BusFixture>): void => {
  describe(`${name}: bus`, () => {
    let fixture: BusFixture;
    let bus: Bus;
    let topic: string;
    let context: string;
    let stops: (() => Promise<void>)[];

    beforeEach(async () => {
      fixture = await open();
      bus = fixture.bus;
      context = `c${randomUUID().slice(0, 8)}`;
      topic = `sanwang.${context}.v1`;
      stops = [];
    });
    afterEach(async () => {
      for (const stop of stops) await stop();
      await fixture.close();
    });

    type Options = Partial<Parameters<Bus['consume']>[0]>;
    const start = (options: Options = {}): { received: BusMessage[]; stop(): Promise<void> } => {
      const received: BusMessage[] = [];
      const abort = new AbortController();
      const done = bus.consume({
        group: randomUUID(),
        topics: [topic],
        from: async () => 0,
        handle: async (messages) => void received.push(...messages),
        signal: abort.signal,
        ...options,
      });
      const stop = async (): Promise<void> => {
        abort.abort();
        await done;
      };
      stops.push(stop);
      return { received, stop };
    };
    /** `rounds` messages of each key, in rounds. */
    const publishRounds = async (first: number, rounds: number): Promise<void> => {
      for (let n = first; n < first + rounds; n++) {
        await bus.publish(
          context,
          topic,
          keys.map((key) => message(key, n)),
          n,
        );
      }
    };

    it('makes a topic once, with sixteen partitions unless said otherwise', async () => {
      const made = await bus.ensureTopic(topic);
      expect(made).toMatchObject({ topic, partitions: 16 });
      expect(await bus.ensureTopic(topic, { partitions: 4 })).toEqual(made);
      expect(await bus.topicInfo(topic)).toEqual(made);
      expect(await bus.endOffsets(topic)).toEqual(new Array(16).fill(0));
      expect((await bus.ensureTopic(`${topic}.small`, { partitions: 3 })).partitions).toBe(3);
    });

    it('knows nothing of a topic that was not made, and refuses to publish to it', async () => {
      expect(await bus.topicInfo(topic)).toBeUndefined();
      expect(await bus.endOffsets(topic)).toEqual([]);
      await expect(bus.publish(context, topic, [message('a', 0)], 0)).rejects.toMatchObject({
        code: 'not-found',
        reason: 'topic-not-found',
      });
      expect(await bus.relayCheckpoint(context)).toBe(LOG_START);
    });

    it('delivers a message as it was published', async () => {
      await bus.ensureTopic(topic);
      const sent = message('patrol.Task-面馆', 7);
      await bus.publish(context, topic, [sent], 7);
      const { received } = start();
      await eventually(() => expect(received).toHaveLength(1), PATIENCE);
      expect(received[0]).toEqual({ topic, partition: partitionOf(sent.key), offset: 0, ...sent });
    });

    it("puts a key into the partition that Kafka's murmur2 gives, and numbers each partition from 0", async () => {
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

    it('keeps the order of each key while messages are published', async () => {
      await bus.ensureTopic(topic);
      const { received } = start();
      await publishRounds(0, 50);
      await eventually(() => expect(received).toHaveLength(2_000), PATIENCE);
      for (const key of keys) expect(numbers(received, key)).toEqual(upTo(50));
    });

    it('takes a large batch, and large messages', async () => {
      await bus.ensureTopic(topic);
      const large = upTo(5_000).map((n) => message(keys[n % keys.length]!, n));
      const huge = { ...message('patrol.Task-huge', 0), value: JSON.stringify({ n: 0, text: 'x'.repeat(64 * 1024) }) };
      await bus.publish(context, topic, [...large, huge], 5_000);
      const { received } = start();
      await eventually(() => expect(received).toHaveLength(5_001), PATIENCE);
      expect(received.find(({ key }) => key === huge.key)!.value).toBe(huge.value);
    });

    it('moves the relay checkpoint with the messages, never before them and never back', async () => {
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

    it('delivers the same messages again, in order, when the handler throws', async () => {
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

    it('waits for the handler before it delivers more of the same partition', async () => {
      await bus.ensureTopic(topic);
      const gate = Promise.withResolvers<void>();
      const begun: BusMessage[][] = [];
      start({
        handle: async (messages) => {
          begun.push([...messages]);
          await gate.promise;
        },
      });
      await bus.publish(context, topic, [message('a', 0)], 0);
      await eventually(() => expect(begun.flat()).toHaveLength(1), PATIENCE);
      await bus.publish(context, topic, [message('a', 1)], 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(numbers(begun.flat(), 'a')).toEqual([0]);
      gate.resolve();
      await eventually(() => expect(numbers(begun.flat(), 'a')).toEqual([0, 1]), PATIENCE);
    });

    it('serves every group for itself: a slow one holds up nobody', async () => {
      await bus.ensureTopic(topic);
      const gate = Promise.withResolvers<void>();
      const slow = start({ handle: () => gate.promise });
      const quick = [start(), start()];
      await publishRounds(0, 20);
      for (const { received } of quick) await eventually(() => expect(received).toHaveLength(800), PATIENCE);
      gate.resolve();
      await slow.stop();
    });

    it('begins each partition at the offset that the consumer names', async () => {
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

    it('waits for messages when the consumer stands beyond the end', async () => {
      await bus.ensureTopic(topic);
      await bus.publish(context, topic, [message('a', 0)], 0);
      const { received } = start({ from: async (_topic, partition) => (partition === partitionOf('a') ? 3 : 0) });
      await bus.publish(
        context,
        topic,
        [1, 2, 3, 4].map((n) => message('a', n)),
        4,
      );
      await eventually(() => expect(numbers(received, 'a')).toEqual([3, 4]), PATIENCE);
    });

    it('consumes several topics, also one that is made later', async () => {
      const later = `${topic}.later`;
      await bus.ensureTopic(topic);
      const { received } = start({ topics: [topic, later] });
      await bus.publish(context, topic, [message('a', 0)], 0);
      await eventually(() => expect(received).toHaveLength(1), PATIENCE);
      await bus.ensureTopic(later);
      await bus.publish(`${context}b`, later, [message('a', 0)], 0);
      await eventually(() => expect(received.map((one) => one.topic).sort()).toEqual([topic, later]), PATIENCE);
    });

    it('asks again where to begin when that failed', async () => {
      await bus.ensureTopic(topic);
      await bus.publish(context, topic, [message('a', 0)], 0);
      let failures = 0;
      const { received } = start({
        from: async () => {
          if (failures++ < 2) throw new Error('planted');
          return 0;
        },
      });
      await eventually(() => expect(received).toHaveLength(1), PATIENCE);
    });

    it('ends a consumer when its signal aborts, and delivers nothing more', async () => {
      await bus.ensureTopic(topic);
      const { received, stop } = start();
      await bus.publish(context, topic, [message('a', 0)], 0);
      await eventually(() => expect(received).toHaveLength(1), PATIENCE);
      await stop();
      await bus.publish(context, topic, [message('a', 1)], 1);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(received).toHaveLength(1);
    });

    it('ends a consumer that waits for a topic which is never made', async () => {
      const { stop } = start();
      await stop();
    });

    it('ends a consumer whose handler fails all the time', async () => {
      await bus.ensureTopic(topic);
      await bus.publish(context, topic, [message('a', 0)], 0);
      let calls = 0;
      const { stop } = start({ handle: () => Promise.reject(new Error(`planted ${calls++}`)) });
      await eventually(() => expect(calls).toBeGreaterThan(1), PATIENCE);
      await stop();
    });

    it('has everything again after a restart', async () => {
      const made = await bus.ensureTopic(topic);
      await publishRounds(0, 10);
      const ends = await bus.endOffsets(topic);
      bus = await fixture.reopen();
      expect(await bus.ensureTopic(topic)).toEqual(made);
      expect(await bus.endOffsets(topic)).toEqual(ends);
      expect(await bus.relayCheckpoint(context)).toBe(9);
      await publishRounds(10, 5);
      const { received } = start();
      await eventually(() => expect(received).toHaveLength(600), PATIENCE);
      for (const key of keys) expect(numbers(received, key)).toEqual(upTo(15));
    });

    it('gives a topic made anew another generation, offsets from 0, no checkpoint, and its consumers begin again', async () => {
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
      await fixture.dropTopic(topic);
      await eventually(async () => expect(await bus.relayCheckpoint(context)).toBe(LOG_START), PATIENCE);
      const after = await bus.ensureTopic(topic);
      expect(after.generation).not.toBe(before.generation);
      expect(await bus.endOffsets(topic)).toEqual(new Array(16).fill(0));
      await publishRounds(0, 2);
      await eventually(() => expect(received).toHaveLength(160), PATIENCE);
      expect([...generations]).toEqual([before.generation, after.generation]);
    });

    it('is unavailable once it is closed', async () => {
      await bus.close();
      await expect(bus.ensureTopic(topic)).rejects.toMatchObject({ code: 'unavailable', reason: 'bus-unavailable' });
    });
  });
};
