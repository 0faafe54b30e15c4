/** A message of a topic. Headers are CloudEvents 1.0 in Kafka binary mode (`ce_id`, `ce_type`, …) and Sanwang's own (`sanwang_position`, …). */
export interface BusMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly value: string;
  /** Its length in bytes, where `value` is only its beginning: it is longer than any event. */
  readonly cutFrom?: number;
}
export interface OutgoingMessage {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** Partitions of a topic unless said otherwise; fixed when the topic is made. */
export const DEFAULT_PARTITIONS = 16;
/** The topic of a context's events. */
export const topicOf = (context: string): string => `sanwang.${context}.v1`;

/** Partitions of a topic for one district's bureau. */
export const DISTRICT_PARTITIONS = 3;
/** The topic on which a context tells a district's bureau about its objects; `district` is the bureau's unit code. */
export const districtTopicOf = (district: string, context: string): string => `sanwang.district.${district}.${context}.v1`;

/** A topic as it stands. `generation` changes when the topic is made anew (its offsets then start again). */
export interface TopicInfo {
  readonly topic: string;
  readonly partitions: number;
  readonly generation: string;
}

/** Where a consumer stands in one partition: the next offset to read, and the highest log position already taken in. */
export interface PartitionProgress {
  readonly topic: string;
  readonly generation: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly position: number;
}

/**
 * The right to publish a context's events, which one process of the deployment holds at a time. `topic` and `checkpoint` are
 * what stood when the seat became ours.
 */
export interface RelaySeat {
  readonly topic: TopicInfo;
  /**
   * The log position up to which the context is published; `LOG_START` at first. It belongs to the generation of the topic that
   * it was published to: when that is gone, it is `LOG_START` again.
   */
  readonly checkpoint: number;
  /** Aborts when the seat is no longer ours, at the latest when another could take it. */
  readonly lost: AbortSignal;
  /**
   * Publishes in order, one call after the other, and moves the checkpoint, which never leads what the bus has acknowledged and
   * never goes back. No messages: moves the checkpoint only. `not-found/topic-not-found` when the topic has vanished,
   * `unavailable/seat-lost` when another has the seat.
   */
  publish(messages: readonly OutgoingMessage[], checkpoint: number): Promise<void>;
  /** Gives the seat up, so that another need not wait. */
  leave(): Promise<void>;
}

/**
 * The bus. Delivery is at least once, in order per partition; the partition is murmur2 of the key, as Kafka's.
 * A server that is away makes calls fail with `unavailable/bus-unavailable`.
 */
export interface Bus {
  /** Makes the topic unless it exists; an existing one keeps its partition count. Durable when the promise resolves. */
  ensureTopic(topic: string, options?: { readonly partitions?: number }): Promise<TopicInfo>;
  topicInfo(topic: string): Promise<TopicInfo | undefined>;
  /** Next offset of each partition, by partition number; `[]` when there is no such topic. */
  endOffsets(topic: string): Promise<readonly number[]>;

  /**
   * Waits until the seat of the context's relay is ours; rejects with the signal's reason when it aborts before, and with
   * `not-found/topic-not-found` when the topic was not made. The signal ends the waiting only: a seat is held until `leave()`.
   */
  relaySeat(context: string, topic: string, signal: AbortSignal): Promise<RelaySeat>;
  /** The checkpoint of the context's relay, whichever process holds its seat; see `RelaySeat`. */
  relayCheckpoint(context: string): Promise<number>;
  /** Publishes in order per key, without a checkpoint. `not-found/topic-not-found` when there is no such topic. */
  send(topic: string, messages: readonly OutgoingMessage[]): Promise<void>;

  /**
   * Runs a consumer of a group until `signal` aborts; waits for topics that are not there yet. Consumers of one group share the
   * partitions. `from` says where a partition is to be read from (the consumer keeps its own offsets; one beyond the end waits
   * until it is reached); it is asked again when the topic was made anew, and whenever a partition comes to this consumer again
   * after others of the group had it. `handle` is awaited before the next messages of the same partitions come, may get
   * messages of several partitions at once, may be called at the same time for different partitions, and may take long: the
   * consumer waits out what is away inside it. When it throws, the same messages come again after a back-off. Resolves when
   * the signal has aborted and nothing is in flight. Rejects, with nothing in flight either: `data-loss/offset-expired` (facts:
   * `topic`, `partition`, `offset`, `start`) when the bus no longer holds what `from` names, and the consumer's content must
   * come from the log; `unavailable/bus-unavailable` when the server stays away, and the call is to be made again.
   */
  consume(options: {
    readonly group: string;
    readonly topics: readonly string[];
    from(topic: TopicInfo, partition: number): Promise<number>;
    handle(messages: readonly BusMessage[]): Promise<void>;
    readonly signal: AbortSignal;
  }): Promise<void>;

  close(): Promise<void>;
}
