import type { PublishedEvent } from '@sanwang/event-store';
import type { PartitionProgress } from './port.ts';

/** A message that is no event of ours: its headers or its size say so. */
export interface RefusedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  /** The beginning of its value. */
  readonly excerpt: string;
}
/** The key under which a refused message is parked. */
export const refusedKey = ({ topic, partition, offset }: Pick<RefusedMessage, 'topic' | 'partition' | 'offset'>): string =>
  `${topic}/${partition}/${offset}`;

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
  /** The consumer was given partitions that another instance may have fed: what is remembered of the content is to be read anew. */
  forget?(): void;
  /**
   * Takes in events (in order per partition, none seen before by position) and moves its progress. A handler's own
   * deterministic failure parks the event by its key inside `apply`, which then does not throw; a database that is away
   * makes it throw an `unavailable` Rejection, and the consumer pauses and offers the same batch again. What was `refused`
   * among the events is parked, each message under its own key.
   */
  apply(events: readonly PublishedEvent[], progress: readonly PartitionProgress[], refused?: readonly RefusedMessage[]): Promise<void>;
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
  /** Why it is paused, such as: the store is away, an event is newer than this release, the bus no longer holds what comes next. */
  readonly reason?: 'unavailable' | 'newer-event' | 'damaged-record' | 'offset-expired';
  readonly message?: string;
  readonly progress: readonly PartitionProgress[];
  readonly parkedKeys: number;
}
