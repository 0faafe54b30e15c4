import { parseStream } from '@sanwang/kernel';
import type { Keys, PublishedEvent } from '@sanwang/event-store';
import { qualifiedType } from './event.ts';
import { openEvents, passes, readData, type Failure } from './opening.ts';
import { eraseSubjects, openedSubjects } from './personal.ts';
import { refuseUnstorable } from './storable.ts';
import { searchTokens } from './search.ts';
import type { Document, ModelDefinition, ModelGeneration, ModelHandler, ModelWrite } from './port.ts';
import { ERASED_ID, writeBatch, type Written } from './writing.ts';

/** The event on which every model that opens personal fields erases those of the subject. */
export const SUBJECT_ERASED = 'directory.SubjectErased';
/** The event types that a model's consumer takes. */
export const subscriptions = (definition: Pick<ModelDefinition, 'on' | 'opens'>): ReadonlySet<string> =>
  new Set([...Object.keys(definition.on), ...(definition.opens?.length ? [SUBJECT_ERASED] : [])]);

export interface Change {
  readonly id: string;
  readonly doc: Document | undefined;
}
export interface ProjectorOptions {
  /** Documents kept in memory from one batch to the next (0: none); only for the single writer of a generation. */
  readonly cache?: number;
  /** The generation was empty at first: what was never seen needs no look-up. */
  readonly fresh?: boolean;
  /** Checks every document against the model's schema: for tests, too dear for a rebuild. */
  readonly validate?: boolean;
  /** Other instances may write to the generation at the same time: each then looks for what the other has erased. */
  readonly shared?: boolean;
  /** False: documents are written without their search tokens, where nobody is going to search. */
  readonly searchable?: boolean;
}
/** Folds events into documents in memory; `flush` writes each changed document once. One caller at a time. */
export interface Projector {
  /** The event's own failures come back, with the later events of the same stream behind the first. */
  take(events: readonly PublishedEvent[]): Promise<readonly Failure[]>;
  flush(rest: Pick<ModelWrite, 'progress' | 'reached' | 'park' | 'unpark'>): Promise<readonly Change[]>;
  /** Changed documents that wait for `flush`. */
  pending(): number;
  /** Documents in memory. */
  held(): number;
  /** Keeps so many documents in memory, besides those that wait for `flush`; the longest unchanged go first. */
  trim(most: number): void;
}

interface Held {
  revision: number;
  doc: Document | undefined;
}
interface Step {
  readonly event: PublishedEvent;
  readonly handler: ModelHandler<Document>;
  readonly id: string;
  readonly personal: boolean;
}

/** Why a stream's later events wait. */
export class QueuedBehind extends Error {
  override readonly name = 'QueuedBehind';
}
export const defaultId = (definition: Pick<ModelDefinition, 'kind'>, event: PublishedEvent): string =>
  definition.kind === 'stream' ? parseStream(event.stream).id : `${event.stream}@${event.revision}`;

export const createProjector = (
  definition: ModelDefinition,
  generation: ModelGeneration,
  keys: Pick<Keys, 'find'>,
  options: ProjectorOptions = {},
): Projector => {
  const held = new Map<string, Held>();
  const changed = new Set<string>();
  const opens = new Set(definition.opens);
  // By context and type apart: putting the qualified name together for every event would cost more than many a handler.
  const handlers = new Map<string, Map<string, Pick<Step, 'handler' | 'personal'>>>();
  for (const [qualified, handler] of Object.entries(definition.on)) {
    const dot = qualified.indexOf('.');
    const context = qualified.slice(0, dot);
    const ofContext = handlers.get(context) ?? new Map<string, Pick<Step, 'handler' | 'personal'>>();
    handlers.set(context, ofContext.set(qualified.slice(dot + 1), { handler, personal: opens.has(qualified) }));
  }
  const limit = options.cache ?? 0;
  const fresh = options.fresh ?? false;
  let complete = fresh;
  const erasing = new Set<string>();

  const set = (id: string, revision: number, doc: Document | undefined): void => {
    const entry = held.get(id);
    if (entry) {
      entry.revision = revision;
      entry.doc = doc;
    } else {
      held.set(id, { revision, doc });
    }
    changed.add(id);
  };

  const fetch = async (ids: Iterable<string>): Promise<void> => {
    if (complete) return;
    const missing = [...new Set(ids)].filter((id) => !held.has(id));
    if (missing.length === 0) return;
    const found = await generation.load(missing);
    for (const id of missing) held.set(id, { revision: -1, doc: undefined, ...found.get(id) });
  };

  const erase = async (events: readonly PublishedEvent[]): Promise<readonly Failure[]> => {
    const { read, failures } = readData(events);
    const subjects = new Set(read.map(({ data }) => (data as { subject: string }).subject));
    for (const subject of subjects) {
      erasing.add(subject);
      set(`${ERASED_ID}${subject}`, 0, undefined);
      const ids = await generation.idsOfSubject(subject);
      const missing = ids.filter((id) => !held.has(id));
      for (const [id, document] of await generation.load(missing)) held.set(id, { ...document });
    }
    if (subjects.size === 0) return failures;
    for (const [id, { revision, doc }] of held) {
      const erased = doc && eraseSubjects(doc, subjects);
      if (erased !== doc) set(id, revision, erased);
    }
    return failures;
  };

  const gone = async (subjects: readonly string[]): Promise<ReadonlySet<string>> => {
    await fetch(subjects.map((subject) => ERASED_ID + subject));
    return new Set(subjects.filter((subject) => (held.get(ERASED_ID + subject)?.revision ?? -1) >= 0));
  };

  const project = (event: PublishedEvent, handler: ModelHandler<Document>, id: string): void => {
    const before = held.get(id);
    if (before && before.revision >= event.revision) return;
    const doc = handler.project(before?.doc, event);
    if (doc === before?.doc) return;
    if (doc) {
      refuseUnstorable(doc, before?.doc);
      if (definition.search?.(doc).some((text) => typeof text !== 'string')) throw new TypeError('a text to search in is none');
      if (options.validate) definition.schema.parse(doc);
    }
    set(id, event.revision, doc);
  };

  /** Asked only when something failed, which is rare. */
  const isDropped = async ({ position }: PublishedEvent): Promise<boolean> =>
    (await generation.dropped()).some((event) => event.position === position);

  /** In a generation that is made from the beginning, the first event of a document finds nothing stored. */
  const mayBeStored = ({ event, handler }: Step): boolean =>
    !fresh || (definition.kind === 'stream' && (event.revision > 0 || handler.id !== undefined));

  const written = (id: string, revision: number, doc: Document | undefined): Written => ({
    id,
    revision,
    doc,
    tokens: doc && definition.search && options.searchable !== false ? searchTokens(definition.search(doc)) : [],
    subjects: doc && opens.size > 0 ? openedSubjects(doc) : [],
  });

  const forget = (): void => {
    held.clear();
    changed.clear();
    complete = false;
  };

  const take = async (events: readonly PublishedEvent[]): Promise<readonly Failure[]> => {
    const found: Failure[] = [];
    const steps: Step[] = [];
    for (const event of events) {
      const known = handlers.get(event.context)?.get(event.type);
      if (!known) continue;
      const { handler, personal } = known;
      try {
        steps.push({ event, handler, id: handler.id?.(event) ?? defaultId(definition, event), personal });
      } catch (error) {
        if (passes(error)) throw error;
        found.push({ event, error });
      }
    }
    if (!complete) await fetch(steps.flatMap((step) => (mayBeStored(step) ? [step.id] : [])));
    let opened: ReadonlyMap<PublishedEvent, PublishedEvent> | undefined;
    if (opens.size > 0) {
      found.push(...(await erase(events.filter((event) => qualifiedType(event) === SUBJECT_ERASED))));
      const sealed = steps.filter(({ personal }) => personal).map(({ event }) => event);
      const result = await openEvents(keys, sealed, gone);
      opened = result.opened;
      found.push(...result.failures);
    }

    const failures: Failure[] = [];
    for (const failure of found) if (!(await isDropped(failure.event))) failures.push(failure);
    const unopened = new Set(found.map(({ event }) => event));
    const broken = new Map<string, number>();
    for (const { stream, revision } of failures.map(({ event }) => event))
      broken.set(stream, Math.min(broken.get(stream) ?? Infinity, revision));
    for (const { event, handler, id } of steps) {
      if (unopened.has(event)) continue;
      const first = broken.get(event.stream);
      if (first !== undefined && event.revision > first) {
        failures.push({ event, error: new QueuedBehind(`waits behind revision ${first} of its stream`) });
        continue;
      }
      try {
        project(opened?.get(event) ?? event, handler, id);
      } catch (error) {
        if (passes(error)) throw error;
        if (await isDropped(event)) continue;
        failures.push({ event, error });
        broken.set(event.stream, event.revision);
      }
    }
    return failures.sort((left, right) => left.event.position - right.event.position);
  };

  const trim = (most: number): void => {
    let surplus = held.size - Math.max(most, 0);
    if (surplus <= 0) return;
    complete = false;
    for (const id of held.keys()) {
      if (surplus <= 0) break;
      if (changed.has(id)) continue;
      held.delete(id);
      surplus--;
    }
  };

  return {
    async take(events) {
      try {
        return await take(events);
      } catch (error) {
        forget();
        throw error;
      }
    },

    async flush(rest) {
      const documents: Written[] = [];
      for (const id of changed) {
        const entry = held.get(id)!;
        // The longest unchanged go first when memory is short.
        held.delete(id);
        held.set(id, entry);
        documents.push(written(id, entry.revision, entry.doc));
      }
      const docs = new Map(documents.filter(({ id }) => !id.startsWith(ERASED_ID)).map(({ id, doc }) => [id, doc]));
      try {
        const rewritten = await writeBatch(generation, { ...rest, documents }, { erasing, shared: options.shared ?? false, written });
        for (const { id, revision, doc } of rewritten) {
          docs.set(id, doc);
          if (held.has(id)) held.set(id, { revision, doc });
        }
      } catch (error) {
        forget();
        throw error;
      } finally {
        changed.clear();
        erasing.clear();
      }
      // Each entry is written once: nobody asks for it again.
      trim(fresh && definition.kind === 'entries' ? 0 : limit);
      return [...docs].map(([id, doc]) => ({ id, doc }));
    },

    pending: () => changed.size,
    held: () => held.size,
    trim,
  };
};
