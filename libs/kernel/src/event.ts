import type { z } from 'zod';
import { personalPaths, type FieldPath } from './personal.ts';

/** What a decider returns and folds: a fact of its aggregate. Personal fields are opened (or erased). */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/**
 * An event type as a value. `type` is unique in its context (`TaskPooled`). The version is the number of upcasters + 1;
 * `upcasters[i]` turns the data of version i + 1 into version i + 2. A `public` type is a contract: its schema is frozen
 * when released and other services may read it; a `private` one only its own context reads.
 */
export interface EventType<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly schema: z.ZodType<Data>;
  readonly visibility: 'public' | 'private';
  readonly upcasters: readonly Upcaster[];
  readonly version: number;
  readonly personal: readonly FieldPath[];
  /** One sentence for the reader of the contract. */
  readonly description: string;
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Upcaster = (data: any) => unknown;

export interface EventOptions<Data> {
  readonly visibility: 'public' | 'private';
  readonly description: string;
  readonly schema: z.ZodType<Data>;
  readonly upcasters?: readonly Upcaster[];
}

/** Declares an event type; its TypeScript type follows from the schema. */
export const defineEvent = <const Type extends string, Data>(type: Type, options: EventOptions<Data>): EventType<Type, Data> => ({
  type,
  schema: options.schema,
  visibility: options.visibility,
  description: options.description,
  upcasters: options.upcasters ?? [],
  version: (options.upcasters?.length ?? 0) + 1,
  personal: personalPaths(options.schema),
});

/** The domain event that an event type describes. */
export type EventOf<T> = T extends EventType<infer Type, infer Data> ? DomainEvent<Type, Data> : never;
/** The union of the events of a list or record of event types. */
export type EventsOf<T extends readonly EventType<string, never>[] | Record<string, unknown>> = T extends readonly (infer Member)[]
  ? EventOf<Member>
  : EventOf<T[keyof T]>;
