import { NewerEvent, isRetriable, parseStream } from '@sanwang/kernel';
import { openPersonal, type Keys, type PublishedEvent } from '@sanwang/event-store';
import { plainEvent, qualifiedType } from './event.ts';
import { eraseSubjects, openedSubjects, sealedFields } from './personal.ts';
import { searchTokens } from './search.ts';
import type { Document, ModelDefinition, ModelGeneration, ModelHandler, ModelWrite } from './port.ts';

/** The event on which every model that opens personal fields erases those of the subject. */
export const SUBJECT_ERASED = 'directory.SubjectErased';
/** The event types that a model's consumer takes. */
export const subscriptions = (definition: Pick<ModelDefinition, 'on' | 'opens'>): ReadonlySet<string> =>
  new Set([...Object.keys(definition.on), ...(definition.opens?.length ? [SUBJECT_ERASED] : [])]);

/** Removed documents under these ids remember whose values must not be opened again, wherever the key still is. */
const ERASED_ID = '$erased.';

/** An event that could not be taken in, and why. */
export interface Failure {
  readonly event: PublishedEvent;
  readonly error: unknown;
}
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
}
/** Folds events into documents in memory; `flush` writes each changed document once. One caller at a time. */
export interface Projector {
  /** The event's own failures come back, with the later events of the same stream behind the first. */
  take(events: readonly PublishedEvent[]): Promise<readonly Failure[]>;
  flush(rest: Pick<ModelWrite, 'progress' | 'park' | 'unpark'>): Promise<readonly Change[]>;
  /** Changed documents that wait for `flush`. */
  pending(): number;
}

interface Held {
  revision: number;
  doc: Document | undefined;
}
interface Step {
  readonly event: PublishedEvent;
  readonly handler: ModelHandler<Document>;
  readonly id: string;
}

/** Why a stream's later events wait. */
export class QueuedBehind extends Error {
  override readonly name = 'QueuedBehind';
}
/** A failure that says nothing about the event: the store is away, or the event is newer than this release. */
const passes = (error: unknown): boolean => error instanceof NewerEvent || isRetriable(error);

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
  const limit = options.cache ?? 0;
  let complete = options.fresh ?? false;
  let erasing = false;

  const set = (id: string, revision: number, doc: Document | undefined): void => {
    held.delete(id);
    held.set(id, { revision, doc });
    changed.add(id);
  };

  const fetch = async (ids: Iterable<string>): Promise<void> => {
    if (complete) return;
    const missing = [...new Set(ids)].filter((id) => !held.has(id));
    if (missing.length === 0) return;
    const found = await generation.load(missing);
    for (const id of missing) held.set(id, found.get(id) ?? { revision: -1, doc: undefined });
  };

  const erase = async (events: readonly PublishedEvent[]): Promise<void> => {
    const subjects = new Set(events.map((event) => (event.data as { subject: string }).subject));
    if (subjects.size === 0) return;
    erasing = true;
    for (const subject of subjects) {
      set(`${ERASED_ID}${subject}`, 0, undefined);
      const ids = await generation.idsOfSubject(subject);
      const missing = ids.filter((id) => !held.has(id));
      for (const [id, document] of await generation.load(missing)) held.set(id, document);
    }
    for (const [id, { revision, doc }] of [...held]) {
      const erased = doc && eraseSubjects(doc, subjects);
      if (erased !== doc) set(id, revision, erased);
    }
  };

  /** The steps with opened data; what cannot be opened for a reason of its own comes back as a failure. */
  const open = async (steps: readonly Step[], failures: Failure[]): Promise<readonly Step[]> => {
    const sealed = new Map<Step, { type: string; data: unknown; paths: ReturnType<typeof sealedFields>['paths'] }>();
    const found = steps
      .filter(({ event }) => opens.has(qualifiedType(event)))
      .map((step) => ({ step, ...sealedFields(step.event.data) }))
      .filter(({ subjects }) => subjects.size > 0);
    if (found.length === 0) return steps;
    const subjects = new Set(found.flatMap((item) => [...item.subjects]));
    await fetch([...subjects].map((subject) => ERASED_ID + subject));
    const gone = new Set([...subjects].filter((subject) => (held.get(ERASED_ID + subject)?.revision ?? -1) >= 0));
    for (const { step, paths } of found) {
      const data = gone.size > 0 ? eraseSubjects(step.event.data, gone) : step.event.data;
      sealed.set(step, { type: qualifiedType(step.event), data, paths });
    }
    const opened = new Map<Step, unknown>();
    try {
      const all = await openPersonal(keys, [...sealed.values()]);
      [...sealed.keys()].forEach((step, index) => opened.set(step, all[index]));
    } catch (error) {
      if (passes(error)) throw error;
      for (const [step, item] of sealed) {
        try {
          opened.set(step, (await openPersonal(keys, [item]))[0]);
        } catch (own) {
          if (passes(own)) throw own;
          failures.push({ event: step.event, error: own });
        }
      }
    }
    return steps
      .filter((step) => !sealed.has(step) || opened.has(step))
      .map((step) => (opened.has(step) ? { ...step, event: { ...plainEvent(step.event), data: opened.get(step) } } : step));
  };

  const project = ({ event, handler, id }: Step): void => {
    const before = held.get(id);
    if (before && before.revision >= event.revision) return;
    const doc = handler.project(before?.doc, event);
    if (doc === before?.doc) return;
    if (doc) {
      definition.search?.(doc);
      if (options.validate) definition.schema.parse(doc);
    }
    set(id, event.revision, doc);
  };

  const forget = (): void => {
    held.clear();
    changed.clear();
    complete = false;
  };

  const take = async (events: readonly PublishedEvent[]): Promise<readonly Failure[]> => {
    if (opens.size > 0) await erase(events.filter((event) => qualifiedType(event) === SUBJECT_ERASED));
    const failures: Failure[] = [];
    const steps: Step[] = [];
    for (const event of events) {
      const handler = definition.on[qualifiedType(event)];
      if (!handler) continue;
      try {
        steps.push({ event, handler, id: handler.id?.(event) ?? defaultId(definition, event) });
      } catch (error) {
        if (passes(error)) throw error;
        failures.push({ event, error });
      }
    }
    await fetch(steps.map((step) => step.id));
    const ready = opens.size > 0 ? await open(steps, failures) : steps;
    const broken = new Map(failures.map(({ event }) => [event.stream, Infinity]));
    for (const { event } of failures) broken.set(event.stream, Math.min(broken.get(event.stream)!, event.revision));
    for (const step of ready) {
      const { event } = step;
      const first = broken.get(event.stream);
      if (first !== undefined && event.revision > first) {
        failures.push({ event, error: new QueuedBehind(`waits behind revision ${first} of its stream`) });
        continue;
      }
      try {
        project(step);
      } catch (error) {
        if (passes(error)) throw error;
        failures.push({ event, error });
        broken.set(event.stream, event.revision);
      }
    }
    return failures.sort((left, right) => left.event.position - right.event.position);
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
      const changes: Change[] = [];
      const documents: ModelWrite['documents'][number][] = [];
      for (const id of changed) {
        const { revision, doc } = held.get(id)!;
        const tokens = doc && definition.search ? searchTokens(definition.search(doc)) : [];
        documents.push({ id, revision, doc, tokens, subjects: doc && opens.size > 0 ? openedSubjects(doc) : [] });
        if (!id.startsWith(ERASED_ID)) changes.push({ id, doc });
      }
      try {
        if (erasing && generation.purge) {
          // The progress moves only once the bytes are gone: after a crash in between, the erasure comes again.
          await generation.write({ documents, progress: [] });
          await generation.purge();
          await generation.write({ ...rest, documents: [] });
        } else {
          await generation.write({ ...rest, documents });
        }
      } catch (error) {
        forget();
        throw error;
      } finally {
        changed.clear();
        erasing = false;
      }
      if (held.size > limit) {
        complete = false;
        let surplus = held.size - limit;
        for (const id of held.keys()) {
          if (surplus-- <= 0) break;
          held.delete(id);
        }
      }
      return changes;
    },

    pending: () => changed.size,
  };
};
