import { hash } from 'node:crypto';
import { Rejection } from '@sanwang/kernel';
import type { LogPage, SealedEvent, StoredEvent, StreamVersion } from './port.ts';

/** What stands for the previous hash of a stream's first event. */
export const CHAIN_START = '0'.repeat(64);

/** An event before its hash is known. */
export type UnchainedEvent = Omit<SealedEvent, 'hash'>;

/** The lengths come first, so that no two different records give the same text. */
const chainHash = (previous: string, stream: string, revision: number, { id, type, data, metadata }: UnchainedEvent): string =>
  hash(
    'sha256',
    `${previous}|${revision}|${stream.length}|${id.length}|${type.length}|${data.length}|${stream}${id}${type}${data}${metadata}`,
    'hex',
  );

/** Chains new events to the stream's last: each hash covers the previous hash and the whole record. */
export const sealChain = (
  previous: StreamVersion | 'no-stream',
  stream: string,
  events: readonly UnchainedEvent[],
): readonly SealedEvent[] => {
  let last = previous === 'no-stream' ? CHAIN_START : previous.hash;
  let revision = previous === 'no-stream' ? -1 : previous.revision;
  return events.map((event) => {
    last = chainHash(last, stream, ++revision, event);
    return { id: event.id, type: event.type, data: event.data, metadata: event.metadata, hash: last };
  });
};

/** `data-loss/damaged-record` with the record's position, stream and revision. */
export const damagedRecord = ({ position, stream, revision }: Pick<StoredEvent, 'position' | 'stream' | 'revision'>): Rejection =>
  new Rejection(
    'data-loss',
    'damaged-record',
    `The record at position ${position} (${stream}, revision ${revision}) does not fit its hash chain.`,
    {
      facts: { position, stream, revision },
    },
  );

/**
 * Checks a forward stretch of one stream against what stood before it (`'no-stream'`: it must begin at revision 0).
 * Throws `data-loss/damaged-record` at the first record that was altered, moved, or misses its predecessor.
 */
export const verifyChain = (stream: string, events: readonly StoredEvent[], previous: StreamVersion | 'no-stream' = 'no-stream'): void => {
  let last = previous === 'no-stream' ? CHAIN_START : previous.hash;
  let revision = previous === 'no-stream' ? -1 : previous.revision;
  for (const event of events) {
    revision++;
    if (event.revision !== revision || event.stream !== stream || event.hash !== chainHash(last, stream, revision, event)) {
      throw damagedRecord(event);
    }
    last = event.hash;
  }
};

/**
 * The events from revision `first` on, checked; `found` begins with the predecessor of the first, which is needed for its
 * hash only, unless `first` is 0.
 */
export const checkedStretch = (stream: string, found: readonly StoredEvent[], first: number): readonly StoredEvent[] => {
  if (first === 0) {
    verifyChain(stream, found);
    return found;
  }
  const [before, ...events] = found;
  if (!before) return [];
  if (before.revision !== first - 1) throw damagedRecord(before);
  verifyChain(stream, events, { revision: before.revision, hash: before.hash });
  return events;
};

/** Finds the hash of one record in the store, `undefined` when there is no such record. */
export type HashLookup = (stream: string, revision: number) => string | undefined | Promise<string | undefined>;

/** Streams whose last hash a reader of the log remembers, so that most predecessors need no look-up. */
const REMEMBERED_STREAMS = 20_000;

/**
 * Passes on the pages of a log as long as every record fits its chain; delivers what stands before a damaged record, then
 * throws `data-loss/damaged-record`. `lookup` finds predecessors that lie before the first page.
 */
export async function* checkedPages(pages: AsyncIterable<LogPage>, lookup: HashLookup): AsyncGenerator<LogPage> {
  const known = new Map<string, { revision: number; hash: string }>();
  const previousHash = (event: StoredEvent): ReturnType<HashLookup> => {
    if (event.revision === 0) return CHAIN_START;
    const last = known.get(event.stream);
    return last?.revision === event.revision - 1 ? last.hash : lookup(event.stream, event.revision - 1);
  };
  for await (const page of pages) {
    let sound = 0;
    for (const event of page.events) {
      const found = previousHash(event);
      const previous = found instanceof Promise ? await found : found;
      if (previous === undefined || event.hash !== chainHash(previous, event.stream, event.revision, event)) break;
      const last = known.get(event.stream);
      if (last) {
        last.revision = event.revision;
        last.hash = event.hash;
      } else known.set(event.stream, { revision: event.revision, hash: event.hash });
      sound++;
    }
    const damaged = page.events[sound];
    if (damaged) {
      if (sound > 0) yield { events: page.events.slice(0, sound), position: page.events[sound - 1]!.position };
      throw damagedRecord(damaged);
    }
    if (known.size > REMEMBERED_STREAMS) forgetOldest(known, known.size - REMEMBERED_STREAMS);
    yield page;
  }
}

const forgetOldest = (known: Map<string, unknown>, count: number): void => {
  let left = count;
  for (const stream of known.keys()) {
    if (left-- === 0) return;
    known.delete(stream);
  }
};
