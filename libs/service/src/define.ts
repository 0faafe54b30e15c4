import type { Aggregate, Catalogue, Clock, DomainEvent, Instant } from '@sanwang/kernel';
import type { Attachments, CommandOutcome, Loaded } from '@sanwang/event-store';
import type { Document, ModelDefinition, ModelReader } from '@sanwang/read-model';
import type { Access, Directory } from '@sanwang/identity';
import type { Api, Call } from '@sanwang/rpc';

/** What a service's handlers work with. Everything is scoped to the service: its own streams, its own models. */
export interface ServiceContext {
  /**
   * Carries out a command on one of the service's aggregates for the caller: waits for the call's read tokens, loads,
   * decides, appends, retries on conflict, and recognises a repeat by the call's Idempotency-Key. `body` is the request.
   */
  execute<Command, Event extends DomainEvent, State>(
    call: Call,
    aggregate: Aggregate<Command, Event, State>,
    id: string,
    body: unknown,
    command: Command | ((state: State, at: Instant) => Command | Promise<Command>),
  ): Promise<CommandOutcome<State>>;
  /** The present state of one of the service's own aggregates: strongly consistent, for facts that a decision needs. */
  load<Event extends DomainEvent, State>(aggregate: Aggregate<never, Event, State>, id: string): Promise<Loaded<State>>;
  /** Id for a new aggregate: follows from the caller, the method and the Idempotency-Key, so that a repeat finds it again. */
  newId(call: Call): string;
  /** A reader of one of the service's models. `await caughtUp(call, definition)` first where the call's read tokens must count. */
  reader<Doc extends Document>(definition: ModelDefinition<Doc>): ModelReader<Doc>;
  /** Waits, bounded by the call's deadline, until the model has passed the call's read tokens; `unavailable/model-behind` otherwise. */
  caughtUp(call: Call, definition: ModelDefinition): Promise<void>;
  readonly access: Access;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly attachments: Attachments;
}

/** A service: a table of contents. Everything common to services is the frame's business. */
export interface ServiceDefinition {
  readonly context: string;
  /** Its event types; a service without events of its own (overview, gateway) has none. */
  readonly catalogue?: Catalogue;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly aggregates: readonly Aggregate<any, any, any>[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly models: readonly ModelDefinition<any>[];
  /** Its rpc services. */
  api(service: ServiceContext): readonly Api[];
}

export const defineService = (definition: ServiceDefinition): ServiceDefinition => definition;
