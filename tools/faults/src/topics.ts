import { randomUUID } from 'node:crypto';
import type { EventReader } from '@sanwang/event-store';
import { partitionOf, topicOf, type Bus, type BusMessage } from '@sanwang/messaging';

const WITHIN_MS = 60_000;

/** Everything that stands on a topic now, partition by partition in its order. */
const contentOf = async (bus: Bus, topic: string): Promise<readonly (readonly BusMessage[])[]> => {
  const ends = await bus.endOffsets(topic);
  const content: BusMessage[][] = ends.map(() => []);
  const reached = ends.map(() => 0);
  const done = new AbortController();
  const look = (): void => {
    if (ends.every((end, partition) => reached[partition]! >= end)) done.abort();
  };
  const timer = setTimeout(() => done.abort(new Error(`${topic} could not be read to its end`)), WITHIN_MS);
  look();
  await bus.consume({
    group: `reader.${randomUUID()}`,
    topics: [topic],
    from: async () => 0,
    async handle(messages) {
      for (const message of messages) {
        content[message.partition]!.push(message);
        reached[message.partition] = message.offset + 1;
      }
      look();
    },
    signal: done.signal,
  });
  clearTimeout(timer);
  if (ends.some((end, partition) => reached[partition]! < end)) throw done.signal.reason;
  return content;
};

/**
 * Every event of the contexts' logs is on its topic, in the partition of its stream, and in each partition the positions first
 * appear in the log's order. Answers what is not so.
 */
export const topicFaults = async (log: EventReader, bus: Bus, contexts: readonly string[]): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const context of contexts) {
    const topic = topicOf(context);
    const missing = new Map<number, string>();
    for await (const page of log.readAll({ prefix: `${context}.`, after: -1 }))
      for (const { position, stream } of page.events) missing.set(position, stream);
    const known = new Map(missing);
    for (const [partition, messages] of (await contentOf(bus, topic)).entries()) {
      let highest = -1;
      for (const { headers, key, offset } of messages) {
        if (headers['ce_id'] === undefined) continue;
        const position = Number(headers['sanwang_position']);
        const place = `${topic}/${partition}@${offset}`;
        if (known.get(position) !== key) faults.push(`${place} says position ${position} of ${key}, which the log does not`);
        if (partitionOf(key) !== partition) faults.push(`${place} of ${key} is in the wrong partition`);
        if (position < highest && missing.has(position)) faults.push(`${place}: position ${position} first appears after ${highest}`);
        highest = Math.max(highest, position);
        missing.delete(position);
      }
    }
    if (missing.size > 0) faults.push(`${topic} lacks ${missing.size} events, the first at ${Math.min(...missing.keys())}`);
  }
  return faults.slice(0, 50);
};
