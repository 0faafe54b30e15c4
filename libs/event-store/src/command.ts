import type { Aggregate, Catalogue, Clock, DomainEvent, Instant } from '@sanwang/kernel';
import type { EventStore } from './port.ts';
import type { Keys } from './keys.ts';

/** Who sends a command, by which method, under which key. `body` is the validated request: its HMAC goes into the metadata. */
export interface CommandContext {
  readonly actor: string;
  readonly method: string;
  readonly idempotencyKey?: string;
  readonly body: unknown;
  /** The caller's `If-Match`; `conflict/stale-revision` when the stream stands elsewhere (a repeat is recognised before). */
  readonly expectedRevision?: number;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  /** Time of occurrence; the platform clock's now when absent. */
  readonly at?: Instant;
}

/** The answer to a command, the same for the first call and for every repeat (but for `repeated` and the token). */
export interface CommandOutcome<State> {
  readonly id: string;
  readonly stream: string;
  /** Of the command's last event; of the stream's last when it appended nothing. -1: the stream does not exist. */
  readonly revision: number;
  /** Of that event; `LOG_START` when the stream does not exist. */
  readonly position: number;
  /**
   * Opaque token of (context, partition, position), for reads that must see this command. After a repeat or an empty
   * answer the position is that of the stream's last event.
   */
  readonly readToken: string;
  readonly appended: number;
  readonly repeated: boolean;
  /** The state after the command's own last event. */
  readonly state: State;
}

/** A stream folded; `revision` -1 and the initial state when it does not exist. */
export interface Loaded<State> {
  readonly state: State;
  readonly revision: number;
}

/** What of an aggregate is needed to fold its stream, whatever its commands. */
export type Foldable<Event extends DomainEvent, State> = Pick<Aggregate<never, Event, State>, 'context' | 'name' | 'initial' | 'evolve'>;

export interface CommandHandler {
  /** Load, decide, append; a bounded number of retries when another writer was faster. `at` inside is the time of occurrence. */
  execute<Command, Event extends DomainEvent, State>(
    aggregate: Aggregate<Command, Event, State>,
    id: string,
    command: Command | ((state: State, at: Instant) => Command | Promise<Command>),
    context: CommandContext,
  ): Promise<CommandOutcome<State>>;
  load<Event extends DomainEvent, State>(aggregate: Foldable<Event, State>, id: string): Promise<Loaded<State>>;
}

export interface CommandHandlerOptions {
  readonly store: EventStore;
  readonly keys: Keys;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** Partition of a stream's topic, for the read token. */
  partitionOf(stream: string): number;
}
