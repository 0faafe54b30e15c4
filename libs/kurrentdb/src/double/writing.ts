import { randomUUID } from 'node:crypto';
import type { DoubleLog, NewRecord } from './log.ts';

export type Expected = number | 'no-stream' | 'any' | 'stream-exists';
export type Written =
  | { readonly is: 'written'; readonly revision: number; readonly position?: number }
  | { readonly is: 'wrong-version'; readonly current: number }
  | { readonly is: 'deleted' }
  | { readonly is: 'too-large'; readonly most: number }
  | { readonly is: 'full' };

export interface Write {
  readonly stream: string;
  readonly expected: Expected;
  readonly records: readonly NewRecord[];
}
export interface Writing {
  append(write: Write): Promise<Written>;
  /** Closes a stream for ever, or so that it can be written again. */
  remove(stream: string, expected: Expected, forEver: boolean): Promise<Written>;
  /** Calls back after each commit; returns what ends it. */
  onCommit(listener: () => void): () => void;
}

/** KurrentDB's default. */
const MOST_BYTES = 1024 * 1024;
const utf8 = new TextEncoder();

const systemRecord = (type: string, data: unknown): NewRecord => ({
  id: randomUUID(),
  type,
  contentType: 'application/json',
  data: utf8.encode(JSON.stringify(data)),
  metadata: new Uint8Array(),
});

/**
 * Carries out appends by the server's rules. All that waits at one turn of the event loop is one synced transaction, and an
 * append is acknowledged after it. Writes `$` events of its own in between, as the server does.
 */
export const startWriting = (log: DoubleLog, isFull: () => boolean): Writing => {
  const listeners = new Set<() => void>();
  let waiting: { readonly run: () => Written; resolve(written: Written): void; reject(error: unknown): void }[] = [];
  let commits = 0;

  const system = (stream: string, type: string, data: unknown): void => {
    log.add(stream, log.lastRevision(stream) + 1, [systemRecord(type, data)]);
  };
  log.commit(() => system('$epoch-information', '$epoch', { epochNumber: log.end() }));

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    try {
      const results = log.commit(() => {
        if (commits++ % 200 === 199) system('$stats-double', '$statsCollected', { commits });
        return group.map(({ run }) => run());
      });
      for (const [n, { resolve }] of group.entries()) resolve(results[n]!);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    for (const listener of listeners) listener();
  };
  const grouped = (run: () => Written): Promise<Written> =>
    new Promise((resolve, reject) => {
      if (waiting.push({ run, resolve, reject }) === 1) setImmediate(flush);
    });

  /** A write whose events all stand already where they should go is a repeat, and answered as if it were the first. */
  const repeated = (stream: string, after: number, records: readonly NewRecord[]): boolean =>
    records.length > 0 && records.every(({ id }, n) => log.idAt(stream, after + 1 + n) === id);

  const carryOut = ({ stream, expected, records }: Write): Written => {
    const state = log.stateOf(stream);
    if (state.tombstoned) return { is: 'deleted' };
    const current = log.lastRevision(stream);
    const gone = current >= 0 && state.truncateBefore > current;
    if (expected === 'stream-exists' && (current < 0 || gone)) return { is: 'wrong-version', current: -1 };
    if (typeof expected === 'number' || expected === 'no-stream') {
      const wanted = expected === 'no-stream' ? -1 : expected;
      const free = wanted === current || (wanted === -1 && gone);
      if (!free) {
        if (wanted < current && repeated(stream, wanted, records)) return { is: 'written', revision: wanted + records.length };
        return { is: 'wrong-version', current };
      }
    } else if (current >= records.length - 1 && repeated(stream, current - records.length, records)) {
      return { is: 'written', revision: current };
    }
    const position = log.add(stream, current + 1, records).at(-1);
    return { is: 'written', revision: current + records.length, ...(position !== undefined && { position }) };
  };

  return {
    async append(write) {
      const bytes = write.records.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
      if (bytes > MOST_BYTES) return { is: 'too-large', most: MOST_BYTES };
      if (isFull()) return { is: 'full' };
      return grouped(() => carryOut(write));
    },
    remove: (stream, expected, forEver) =>
      grouped(() => {
        const state = log.stateOf(stream);
        if (state.tombstoned) return { is: 'deleted' };
        const current = log.lastRevision(stream);
        const wanted = expected === 'no-stream' ? -1 : expected;
        if (typeof wanted === 'number' && wanted !== current) return { is: 'wrong-version', current };
        log.setState(stream, { tombstoned: forEver, truncateBefore: current + 1 });
        system(forEver ? stream : `$$${stream}`, forEver ? '$streamDeleted' : '$metadata', { $tb: current + 1 });
        return { is: 'written', revision: current, position: log.end() };
      }),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
