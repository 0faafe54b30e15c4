import { Rejection } from './rejection.ts';
import type { DomainEvent, EventType } from './event.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyEventType = EventType<string, any>;

/** Every event type of one context, by its type name. */
export interface Catalogue {
  readonly context: string;
  readonly types: ReadonlyMap<string, AnyEventType>;
}

/** Joins the event types of a context's aggregates; a name may be declared once only. */
export const defineCatalogue = (context: string, ...groups: readonly Record<string, AnyEventType>[]): Catalogue => {
  const types = new Map<string, AnyEventType>();
  for (const group of groups) {
    for (const eventType of Object.values(group)) {
      if (types.has(eventType.type)) throw new Error(`catalogue ${context}: ${eventType.type} is declared twice`);
      types.set(eventType.type, eventType);
    }
  }
  return { context, types };
};

/** A type that this release does not know, or a version newer than it knows: the reader must wait for an upgrade. */
export class NewerEvent extends Error {
  override readonly name = 'NewerEvent';
}

/** Brings stored data to the present version. Throws `NewerEvent` for what only a later release understands. */
export const upcast = (catalogue: Catalogue, type: string, version: number, data: unknown): unknown => {
  const eventType = catalogue.types.get(type);
  if (!eventType) throw new NewerEvent(`${catalogue.context}.${type} is not known to this release`);
  if (version > eventType.version) {
    throw new NewerEvent(`${catalogue.context}.${type} has version ${version}; this release knows ${eventType.version}`);
  }
  let current = data;
  for (let step = version; step < eventType.version; step++) current = eventType.upcasters[step - 1]!(current);
  return current;
};

/** Validates an event before it is appended; a decider that breaks its own catalogue is a programming error. */
export const validateEvent = (catalogue: Catalogue, event: DomainEvent): AnyEventType => {
  const eventType = catalogue.types.get(event.type);
  if (!eventType) throw new Rejection('internal', 'event-type-unknown', `${catalogue.context}.${event.type} is not in the catalogue`);
  const result = eventType.schema.safeParse(event.data);
  if (!result.success) {
    throw new Rejection('internal', 'event-schema', `${catalogue.context}.${event.type} does not fit its schema`, {
      violations: result.error.issues.map((issue) => ({ field: issue.path.join('.'), expected: issue.message })),
    });
  }
  return eventType;
};
