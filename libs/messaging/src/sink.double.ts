import type { PublishedEvent } from '@sanwang/event-store';
import type { PartitionProgress } from './port.ts';
import type { RefusedMessage, Sink } from './sink.ts';

/** A sink in memory: keeps each stream's events as a model does (older revisions refused), and its progress; survives a "restart". */
export const sinkDouble = (name: string, ...subscribes: string[]) => {
  const streams = new Map<string, PublishedEvent[]>();
  const stored = new Map<string, PartitionProgress>();
  const applied: PublishedEvent[] = [];
  const parked: RefusedMessage[] = [];
  let writes = 0;
  let failure: Error | undefined;

  const sink: Sink = {
    name,
    group: `${name}.v1`,
    subscribes: new Set(subscribes),
    progress: async () => [...stored.values()],
    async apply(events, progress, refused = []) {
      if (failure) throw failure;
      await new Promise((resolve) => setImmediate(resolve));
      writes++;
      for (const event of events) {
        applied.push(event);
        const stream = streams.get(event.stream) ?? [];
        if (event.revision > (stream.at(-1)?.revision ?? -1)) streams.set(event.stream, [...stream, event]);
      }
      parked.push(...refused);
      for (const one of progress) stored.set(`${one.topic}/${one.partition}`, one);
    },
  };
  return {
    sink,
    /** Every event that was offered, as often as it was. */
    applied,
    /** Every message that was refused. */
    parked,
    content: (): Record<string, unknown[]> =>
      Object.fromEntries(
        [...streams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([stream, events]) => [stream, events.map(({ data }) => data)]),
      ),
    stored: (): readonly PartitionProgress[] => [...stored.values()],
    writes: (): number => writes,
    /** Every write fails with it, until it is taken back. */
    fail: (error: Error | undefined): void => void (failure = error),
  };
};
