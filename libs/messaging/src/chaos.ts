import type { Bus, BusMessage } from './port.ts';
import type { Sink } from './sink.ts';

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Lists merged at random, each in its own order. */
const interleave = <T>(lists: readonly (readonly T[])[], random: () => number): T[] => {
  const rest = lists.filter((list) => list.length > 0).map((list) => ({ list, next: 0 }));
  const merged: T[] = [];
  while (rest.length > 0) {
    const index = Math.floor(random() * rest.length);
    const one = rest[index]!;
    merged.push(one.list[one.next++]!);
    if (one.next === one.list.length) rest.splice(index, 1);
  }
  return merged;
};

/** Goes back now and then, as a redelivery does: the order of first appearance stays. */
const repeatSome = <T>(list: readonly T[], random: () => number): T[] => {
  const repeated: T[] = [];
  for (let next = 0; next < list.length; next++) {
    repeated.push(list[next]!);
    if (random() < 0.1) next = Math.max(-1, next - 1 - Math.floor(random() * 5));
  }
  return repeated;
};

const cut = <T>(list: readonly T[], random: () => number): T[][] => {
  const pieces: T[][] = [];
  for (let next = 0; next < list.length;) {
    const size = 1 + Math.floor(random() * 40);
    pieces.push(list.slice(next, next + size));
    next += size;
  }
  return pieces;
};

/**
 * A bus at its worst within the contract, for tests: messages come again, those of different partitions in any order and at
 * the same time, in batches of any size, and the relay's messages are published twice now and then. Order per partition stays.
 */
export const chaosBus = (bus: Bus, seed: number): Bus => {
  const random = seeded(seed);
  return {
    ...bus,
    async relaySeat(context, topic, signal) {
      const seat = await bus.relaySeat(context, topic, signal);
      return {
        ...seat,
        async publish(messages, checkpoint) {
          await seat.publish(messages, checkpoint);
          if (random() < 0.1) await seat.publish(messages, checkpoint);
        },
      };
    },
    consume: (options) =>
      bus.consume({
        ...options,
        async handle(messages) {
          const partitions = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`).values();
          const lists = [...partitions].map((list) => repeatSome(list, random));
          if (random() < 0.5) {
            for (const piece of cut(interleave(lists, random), random)) await options.handle(piece);
          } else {
            await Promise.all(lists.map((list) => inPieces(cut(list, random), options.handle)));
          }
        },
      }),
  };
};

const inPieces = async (pieces: readonly BusMessage[][], handle: (messages: readonly BusMessage[]) => Promise<void>): Promise<void> => {
  for (const piece of pieces) await handle(piece);
};

/**
 * Offers a sink its events worse than any bus may: in any order across streams (kept within a stream), some of them again,
 * also long after they were first taken in. What is left of the sink must be the same.
 */
export const chaosSink = (sink: Sink, seed: number): Sink => {
  const random = seeded(seed);
  let seen: Parameters<Sink['apply']>[0][number][] = [];
  return {
    name: sink.name,
    group: sink.group,
    subscribes: sink.subscribes,
    progress: () => sink.progress(),
    async apply(events, progress, refused) {
      const again = seen.filter(() => random() < 0.05);
      const streams = Map.groupBy([...again, ...events], ({ stream }) => stream).values();
      const shuffled = interleave([...streams], random);
      const middle = Math.floor(random() * shuffled.length);
      if (middle > 0) await sink.apply(shuffled.slice(0, middle), []);
      await sink.apply(shuffled.slice(middle), progress, refused);
      seen = [...seen, ...events].slice(-500);
    },
  };
};
