import type { DomainEvent } from '@sanwang/kernel';
import type { History } from './history.ts';
import type { StoredEvent } from './port.ts';

/** A stream as it was last seen: its records, and as many of them decoded as were needed so far. */
export interface RecentStream {
  readonly stored: readonly StoredEvent[];
  readonly history: History<DomainEvent>;
}

/** Streams that this process has just read or written. Only a hint: another process may have written since. */
export interface RecentStreams {
  get(stream: string): RecentStream | undefined;
  keep(stream: string, recent: RecentStream): void;
  forget(stream: string): void;
}

const MOST_STREAMS = 2_000;
/** Characters of records in all. */
const MOST_TEXT = 8_000_000;

const lengthOf = ({ stored }: RecentStream): number => stored.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);

/** Keeps the streams used last, bounded in number and text. */
export const createRecentStreams = (): RecentStreams => {
  const streams = new Map<string, { readonly recent: RecentStream; readonly length: number }>();
  let total = 0;
  const forget = (stream: string): void => {
    total -= streams.get(stream)?.length ?? 0;
    streams.delete(stream);
  };
  return {
    get: (stream) => streams.get(stream)?.recent,
    forget,
    keep(stream, recent) {
      forget(stream);
      const length = lengthOf(recent);
      streams.set(stream, { recent, length });
      total += length;
      for (const oldest of streams.keys()) {
        if (streams.size <= MOST_STREAMS && total <= MOST_TEXT) return;
        forget(oldest);
      }
    },
  };
};
