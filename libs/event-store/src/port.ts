import type { Instant } from '@sanwang/kernel';

/**
 * What every event carries beside its data. Opaque ids only, never a personal value.
 * `at` is the time of occurrence (the platform's clock), `recordedAt` the wall clock's.
 */
export interface EventMetadata {
  readonly version: number;
  readonly at: Instant;
  readonly recordedAt: Instant;
  /** Opaque id of the acting subject: an officer, `timer`, `service:<context>`. */
  readonly actor: string;
  readonly commandId: string;
  /** HMAC of the command's body: the same key with another body is an error. */
  readonly bodyHmac: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** An event ready to be stored: personal fields sealed, hash chained to its predecessor. `data` and `metadata` are JSON text. */
export interface SealedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  /** SHA-256 (hex) over the stream's previous hash and everything above: see `chain.ts`. */
  readonly hash: string;
}

/** An event as the log holds it. `revision` counts from 0 in its stream, `position` grows over the whole log. */
export interface StoredEvent extends SealedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

/** Where a stream stood when it was read: what an append expects to find. */
export interface StreamVersion {
  readonly revision: number;
  readonly hash: string;
}

/** A stretch of the log. Everything of the prefix at or below `position` has been delivered, also when `events` is empty. */
export interface LogPage {
  readonly events: readonly StoredEvent[];
  readonly position: number;
}

/** Position before the first event. */
export const LOG_START = -1;

/** The reading side of the log: all that a rebuild's worker thread or `verify` needs. */
export interface EventReader {
  /**
   * Reads one stream: forward from revision `from` (default: the first) up, backward from `from` (default: the last) down.
   * Its hash chain is checked, and a damaged record is reported, never served. Unknown stream: `[]`.
   */
  readStream(
    stream: string,
    options?: { readonly direction?: 'forward' | 'backward'; readonly from?: number; readonly limit?: number },
  ): Promise<readonly StoredEvent[]>;

  /**
   * Reads the log after a position, in order, up to its head at the time of the call. `prefix` is `''` or `<context>.`;
   * `after` is `LOG_START` or a position that the log has reported: between two positions there may be nothing to begin at.
   */
  readAll(options: { readonly prefix: string; readonly after: number; readonly pageSize?: number }): AsyncIterable<LogPage>;

  /**
   * Follows the log after a position until `signal` aborts. Never skips an event, also not one that commits late, and
   * goes on by itself after the store was away. What stands before a damaged record is delivered, then it throws.
   */
  subscribe(options: { readonly prefix: string; readonly after: number; readonly signal: AbortSignal }): AsyncIterable<LogPage>;

  /** Position of the last event of the prefix; `LOG_START` when there is none. */
  head(prefix: string): Promise<number>;

  close(): Promise<void>;
}

/**
 * The log. All services of a deployment share one, so every event has one position; a service reads and writes the
 * streams of its own prefix (`<context>.`). Failures are `Rejection`s: `conflict/stream-moved` (facts: `revision`, the
 * actual one, -1 for none), `unavailable/event-store-unavailable` (may be tried again), `resource-exhausted/storage-full`,
 * `resource-exhausted/event-too-large` (over 64 KiB of data and metadata), `data-loss/damaged-record` (facts: `position`, `stream`, `revision`).
 */
export interface EventStore extends EventReader {
  /** Appends all events or none, durable when the promise resolves. `'no-stream'` expects the stream not to exist. */
  append(
    stream: string,
    expected: StreamVersion | 'no-stream',
    events: readonly SealedEvent[],
  ): Promise<{ readonly revision: number; readonly position: number }>;
}

/** The longest event: data and metadata in UTF-8 bytes, in every mode. */
export const MAX_EVENT_BYTES = 64 * 1024;
/** By design no stream grows beyond this; a metric warns. */
export const MAX_STREAM_EVENTS = 1_000;
