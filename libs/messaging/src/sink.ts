import type { PublishedEvent } from '@sanwang/event-store';
import type { PartitionProgress } from './port.ts';

/**
 * What a consumer feeds: a read model, a process manager. It keeps the consumer's progress beside its own content, in an
 * order that survives a crash (a checkpoint may lag behind its documents, never lead).
 */
export interface Sink {
  /** What statuses and operators call it, e.g. `patrol.tasks`. */
  readonly name: string;
  /** Group id on the bus, e.g. `patrol.tasks.v3`. */
  readonly group: string;
  /** Event types it takes, as `<context>.<Type>`; all others are passed over. */
  readonly subscribes: ReadonlySet<string>;
  progress(): Promise<readonly PartitionProgress[]>;
  /**
   * Takes in events (in order per partition, none seen before by position) and moves its progress. A handler's own
   * deterministic failure parks the event by its key inside `apply`, which then does not throw; a database that is away
   * makes it throw an `unavailable` Rejection, and the consumer pauses and offers the same batch again.
   */
  apply(events: readonly PublishedEvent[], progress: readonly PartitionProgress[]): Promise<void>;
}

/** An event that a handler could not take in, and those of the same key that wait behind it. */
export interface ParkedKey {
  readonly consumer: string;
  readonly key: string;
  /** Queued events, the failed one first. */
  readonly events: readonly { readonly position: number; readonly type: string; readonly id: string }[];
  readonly error: string;
  readonly since: string;
}

/** How a consumer is doing; what readiness, metrics and `settled` are made of. */
export interface ConsumerStatus {
  readonly name: string;
  readonly state: 'starting' | 'running' | 'paused' | 'stopped';
  /** Why it is paused: the store is away, or an event is newer than this release. */
  readonly reason?: 'unavailable' | 'newer-event' | 'damaged-record';
  readonly message?: string;
  readonly progress: readonly PartitionProgress[];
  readonly parkedKeys: number;
}
