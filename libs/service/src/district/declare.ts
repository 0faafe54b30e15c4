import { personalPaths, type DomainEvent, type Instant } from '@sanwang/kernel';
import { z } from 'zod';

type DataOf<Event extends DomainEvent, Type> = Extract<Event, { readonly type: Type }>['data'];
/** What every state says: where the object is. Its first digits tell the district. */
export interface Placed {
  readonly area: string;
}

/**
 * How one aggregate's public events are told to the district bureaus: what a bureau may know of the object, after each of them.
 * The schema is all that leaves: what it does not name is removed, and it may name no personal field.
 */
export interface DistrictObject<Event extends DomainEvent, State extends Placed> {
  /** `Business`: the name of its messages. */
  readonly kind: string;
  readonly aggregate: string;
  readonly description: string;
  readonly version: number;
  readonly schema: z.ZodType<State>;
  /** Folds the object's events; `undefined` while nothing is known of it. */
  readonly on: {
    readonly [Type in Event['type']]?: (state: State | undefined, data: DataOf<Event, Type>, at: Instant) => State | undefined;
  };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyDistrictObject = DistrictObject<any, any>;
/** What a context tells the bureaus. */
export interface DistrictDeclaration {
  readonly context: string;
  readonly objects: readonly AnyDistrictObject[];
}

/** Declares what a context tells the bureaus; a schema that names a personal field is refused. */
export const defineDistrict = (context: string, objects: readonly AnyDistrictObject[]): DistrictDeclaration => {
  for (const { kind, schema } of objects) {
    const [path] = personalPaths(schema);
    if (path) throw new Error(`${context}.${kind}: ${path.join('.')} is personal and must not reach a district`);
  }
  return { context, objects };
};

const object = z.object({ kind: z.string(), id: z.string() });
const common = {
  object,
  /** The last revision of the object's stream that this message takes in. */
  revision: z.int(),
};

/** The data of an object's message: its whole public state after an event, or on coming into the district. */
export const stateSchema = ({ schema }: Pick<AnyDistrictObject, 'schema'>) =>
  z.object({
    ...common,
    /** Since when the object is the district's. */
    since: z.string(),
    /** The last event that the state takes in. */
    event: z.object({ type: z.string(), at: z.string() }),
    state: schema as z.ZodType<Placed>,
  });

/** The data of the message that an object has left the district. */
export const handedOverSchema = z.object({
  ...common,
  /** The district that has it now; absent where the place lies in none. */
  to: z.string().optional(),
  since: z.string(),
});
export const HANDED_OVER = 'HandedOver';
export const HANDED_OVER_VERSION = 1;
export const HANDED_OVER_DESCRIPTION =
  'The object has left the district: it moved, or a reorganisation 辖区调整 gave its place to another. Nothing more comes of it.';
/** The CloudEvents type of a message on a district topic. */
export const districtMessageType = (context: string, kind: string, version: number): string =>
  `sanwang.district.${context}.${kind}.v${version}`;
/** Where its schema is served. */
export const districtSchemaName = (context: string, kind: string, version: number): string =>
  `district.${context}.${kind}.v${version}.json`;
