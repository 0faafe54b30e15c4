import type { PublishedEvent } from '@sanwang/event-store';
import type { PartitionProgress, ParkedKey } from '@sanwang/messaging';
import type { z } from 'zod';

/** A document: JSON. Personal fields are `{ subject, value }` or `{ subject, erased: true }`. */
export type Document = Readonly<Record<string, unknown>>;

/** A declared index: field names in order; the query planner of the store uses it. Fields are top-level: scalars, or lists of texts or numbers. */
export interface IndexDeclaration {
  readonly name: string;
  readonly fields: readonly string[];
}

/**
 * How one event changes one document. `id` names the document (default: the stream's id part). A `stream` model's document
 * is fed by one stream and carries its revision; an `entries` model has one document per (stream, revision), written once.
 * `project` returns the new document, or `undefined` to remove it; it never throws on a recorded fact.
 */
export interface ModelHandler<Doc extends Document> {
  id?(event: PublishedEvent): string;
  project(doc: Doc | undefined, event: PublishedEvent): Doc | undefined;
}

/**
 * A read model, declared as a value beside its service. Statuses and operators call it `<context>.<name>`; its consumer group is
 * `<context>.<name>.v<version>`, so that two releases side by side each feed their own.
 */
export interface ModelDefinition<Doc extends Document = Document> {
  readonly context: string;
  readonly name: string;
  /** Raised when handlers or document change: the model is then rebuilt into a new generation, while a release before reads its own. */
  readonly version: number;
  readonly kind: 'stream' | 'entries';
  readonly schema: z.ZodType<Doc>;
  /** By `<context>.<Type>`. */
  readonly on: Readonly<Record<string, ModelHandler<Doc>>>;
  readonly indexes: readonly IndexDeclaration[];
  /** Texts (names, addresses, numbers) that the free-text search finds; tokenised by the library (pairs and triples of characters). */
  search?(doc: Doc): readonly string[];
  /** Top-level fields that place the document in a jurisdiction. Absent: readable by everyone who may run the query. */
  readonly scope?: { readonly area?: string; readonly unit?: string; readonly owner?: string };
  /** Event types whose personal fields this model opens, as `<context>.<Type>`. Others stay sealed and must not be stored. */
  readonly opens?: readonly string[];
  /** Fields left out of the hash (recorded time, positions). */
  readonly notHashed?: readonly string[];
}

export type Scalar = string | number | boolean | null;
/**
 * `and` of the fields; `in` means "one of". A field that the schema declares as a list takes `eq` and `in` only,
 * which then mean that it contains the value, or one of the values; no list contains `null`.
 */
export interface FieldFilter {
  readonly field: string;
  readonly eq?: Scalar;
  readonly in?: readonly Scalar[];
  readonly gte?: Scalar;
  readonly gt?: Scalar;
  readonly lte?: Scalar;
  readonly lt?: Scalar;
  readonly prefix?: string;
  readonly exists?: boolean;
}
/**
 * Where the caller may look, resolved from the unit tree as it is now. A document is visible when its area starts with one
 * of the area prefixes, or its unit is one of `units`, or its owner is, or its list of owners contains, `owner`. `'everything'`:
 * the whole city.
 */
export type QueryScope = 'everything' | { readonly areas: readonly string[]; readonly units: readonly string[]; readonly owner?: string };

export interface ModelQuery {
  readonly where?: readonly FieldFilter[];
  readonly scope: QueryScope;
  readonly search?: string;
  /** Ties are broken by the document id, in the same direction. */
  readonly orderBy?: { readonly field: string; readonly direction: 'asc' | 'desc' };
  readonly limit: number;
  /** `nextPageToken` of the page before; opaque, refused with `invalid-argument/page-token` when it does not fit the query. */
  readonly pageToken?: string;
}
export interface ModelPage<Doc> {
  readonly items: readonly Doc[];
  readonly nextPageToken?: string;
}

/** Reads of one model. All run against the live generation, also while a rebuild goes on beside it. */
export interface ModelReader<Doc extends Document = Document> {
  readonly definition: ModelDefinition<Doc>;
  get(id: string, scope: QueryScope): Promise<Doc | undefined>;
  getMany(ids: readonly string[], scope: QueryScope): Promise<ReadonlyMap<string, Doc>>;
  query(query: ModelQuery): Promise<ModelPage<Doc>>;
  /** Numbers of documents per combination of the values of `by` (none: one row). `sum` adds up numeric fields. */
  count(options: {
    readonly where?: readonly FieldFilter[];
    readonly scope: QueryScope;
    readonly by: readonly string[];
    readonly sum?: readonly string[];
  }): Promise<
    readonly { readonly key: Readonly<Record<string, Scalar>>; readonly count: number; readonly sums: Readonly<Record<string, number>> }[]
  >;
  /** Every document in id order; for exports and for the hash. */
  all(): AsyncIterable<{ readonly id: string; readonly doc: Doc }>;
  progress(): Promise<readonly PartitionProgress[]>;
}

/** The stored side of one generation of a model: what the projection runner writes. */
export interface ModelGeneration {
  readonly generation: string;
  /** Documents as stored, with the last revision of the stream that fed each. */
  load(ids: readonly string[]): Promise<ReadonlyMap<string, { readonly revision: number; readonly doc: Document | undefined }>>;
  /** Ids of the documents that hold an opened personal field of the subject. */
  idsOfSubject(subject: string): Promise<readonly string[]>;
  /**
   * Writes a batch in an order that survives a crash: documents (refusing a revision older than the stored one) and parked
   * events first, progress and `reached` last. `doc: undefined` removes; a removed document still refuses older revisions.
   */
  write(batch: ModelWrite): Promise<void>;
  progress(): Promise<readonly PartitionProgress[]>;
  /** How far the rebuild that makes it has read the log, by context; empty where none does, and once it was swapped in. */
  reached(): Promise<readonly ReachedPosition[]>;
  /** By key, then position. */
  parked(): Promise<readonly ParkedEvent[]>;
  /** By position. They belong to the model, not to one generation: `create` and `swap` carry them over from the live one. */
  dropped(): Promise<readonly DroppedEvent[]>;
  /** Every document in id order (by UTF-8 bytes), of this generation whether live or not. */
  all(): AsyncIterable<{ readonly id: string; readonly doc: Document }>;
  /** Ends a bulk load: builds the indexes that `create` left out. `swap` does it where nobody did. */
  complete?(): Promise<void>;
  /**
   * After the erasure of subjects was written: leaves no bytes of their values in any file of the generation. Nothing is to do
   * where it never held one. Throws an `unavailable` Rejection while somebody reads what must go.
   */
  purge?(subjects: readonly string[]): Promise<void>;
}
export interface ModelWrite {
  readonly documents: readonly {
    readonly id: string;
    readonly revision: number;
    readonly doc: Document | undefined;
    readonly tokens: readonly string[];
    readonly subjects: readonly string[];
  }[];
  readonly progress: readonly PartitionProgress[];
  /** Only of a rebuild that may be gone on with when it breaks off. */
  readonly reached?: readonly ReachedPosition[];
  readonly park?: readonly ParkedEvent[];
  readonly unpark?: readonly { readonly key: string; readonly position: number }[];
  readonly drop?: readonly DroppedEvent[];
}
/** Everything of a context up to this position of the log was taken in. */
export interface ReachedPosition {
  readonly context: string;
  readonly position: number;
}
/** A parked event with everything that a replay needs (personal fields sealed); `data` is absent where it could not be decoded. */
export interface ParkedEvent {
  readonly key: string;
  readonly event: PublishedEvent;
  readonly error: string;
  readonly since: string;
}
/**
 * A parked event that an operator gave up. Its position is never parked again: a rebuild passes over it too, unless the
 * handler can take it by then.
 */
export interface DroppedEvent {
  readonly key: string;
  readonly position: number;
  /** `<context>.<Type>`. */
  readonly type: string;
  readonly id: string;
  /** Why it was parked. */
  readonly error: string;
  readonly reason: string;
  readonly actor: string;
  /** Wall clock. */
  readonly at: string;
}

/**
 * The models in one store (a SQLite file per generation of a model; a database in the cluster). Each version of a model has a live
 * generation of its own: those of two releases stand side by side.
 */
export interface ModelStore {
  /**
   * `'none'`: no live generation of any version; `'stale'`: there is one, but of another version or with other fields or indexes,
   * and a rebuild is due before `live` is called (which would begin an empty one).
   */
  state(definition: ModelDefinition): Promise<'live' | 'stale' | 'none'>;
  /** Name of the live generation of this very declaration: another process may have exchanged it since `live` was called. */
  current(definition: ModelDefinition): Promise<string | undefined>;
  /** The live generation of this very declaration as `current` names it, made (empty) when there is none; readers follow it. */
  live(definition: ModelDefinition): Promise<ModelGeneration>;
  reader<Doc extends Document>(definition: ModelDefinition<Doc>): Promise<ModelReader<Doc>>;
  /** A new generation beside the live one, written by a rebuild. */
  create(definition: ModelDefinition): Promise<ModelGeneration>;
  /**
   * What a rebuild of this very declaration made, wrote `reached` into, and broke off: the next one goes on with it. The caller
   * knows that nobody else is writing it. `undefined` when there is none; a store may remove it once the live one is opened.
   */
  unfinished(definition: ModelDefinition): Promise<ModelGeneration | undefined>;
  /**
   * Makes a generation the live one of its version at once for every reader; the one before is removed, and with time those of
   * other versions that nobody uses, and what was left unfinished of other declarations.
   */
  swap(definition: ModelDefinition, generation: string): Promise<void>;
  discard(definition: ModelDefinition, generation: string): Promise<void>;
  close(): Promise<void>;
}

export type { ParkedKey };
