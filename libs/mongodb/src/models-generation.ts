import {
  consumerName,
  type Document,
  type DroppedEvent,
  type ModelDefinition,
  type ModelGeneration,
  type ModelWrite,
  type ParkedEvent,
} from '@sanwang/read-model';
import { MongoBulkWriteError, type AnyBulkWriteOperation } from 'mongodb';
import { MAX_TIME_MS, type Database } from './database.ts';
import { collectionOf, noGeneration, placeOf, type Generations, type StoredGeneration } from './generations.ts';
import { documentsOf, type StoredDocument } from './models-document.ts';
import type { Documents } from './models-query.ts';
import { isDuplicate } from './rejecting.ts';

interface StoredParked {
  readonly _id: string;
  /** The generation's. */
  readonly collection: string;
  readonly key: string;
  readonly position: number;
  /** JSON: what a replay needs, exactly. */
  readonly event: string;
  readonly error: string;
  readonly since: string;
}
type StoredDropped = DroppedEvent & { readonly _id: string; readonly model: string };

/** One generation of a model: a collection of its own. */
export interface MongoGeneration extends ModelGeneration {
  readonly documents: Documents;
  purge(subjects: readonly string[]): Promise<void>;
  /** It is the live one from now on: most documents written to it are there already. */
  settle(): void;
  /** Refuses every later write, here and in every process within moments. */
  shut(): void;
}

/** So many documents go into one request, and are read in one page. */
const AT_ONCE = 1_000;
const PAGE = 500;
/** For so long a generation is taken to be in use once it was found to be; a fraction of the grace after which it is dropped. */
const KNOWN_MS = 2_000;

/** Carries out what it can; answers which operations met a document that is there already. */
const bulk = async (documents: Documents, operations: AnyBulkWriteOperation<StoredDocument>[]): Promise<readonly number[]> => {
  try {
    await documents.bulkWrite(operations, { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError) || !isDuplicate(error)) throw error;
    return [error.writeErrors].flat().map(({ index }) => index);
  }
};

const replacing = ({ _id, ...content }: StoredDocument): AnyBulkWriteOperation<StoredDocument> => ({
  replaceOne: { filter: { _id, revision: { $lte: content.revision } }, replacement: content, upsert: true },
});

/** Opens a generation that is registered; `filling`: most of what is written to it was never seen. */
export const openGeneration = (
  { db, guarded }: Database,
  generations: Generations,
  definition: ModelDefinition,
  generation: string,
  options: { readonly filling: boolean },
): MongoGeneration => {
  const collection = collectionOf(definition, generation);
  const documents = db.collection<StoredDocument>(collection);
  const parked = db.collection<StoredParked>('parked');
  const dropped = db.collection<StoredDropped>('dropped');
  const model = consumerName(definition);
  const toStored = documentsOf(definition);
  const read = { maxTimeMS: MAX_TIME_MS };
  let shut = false;
  let knownUntil = 0;
  let filling = options.filling;

  const registered = async (): Promise<StoredGeneration> => {
    const found = await generations.find(collection);
    if (!found) throw noGeneration(generation);
    return found;
  };
  /** A retired generation takes no more writes, and is dropped long after; so none of them makes a dropped collection anew. */
  const checkWritable = async (): Promise<void> => {
    if (shut) throw noGeneration(generation);
    if (performance.now() < knownUntil) return;
    const asked = performance.now();
    const { retiredAt } = await registered();
    if (retiredAt !== undefined) throw noGeneration(generation);
    knownUntil = asked + KNOWN_MS;
  };

  /** Who was never seen is inserted, which is several times faster; who is there after all is replaced unless it is newer. */
  const writeDocuments = async (writes: ModelWrite['documents']): Promise<void> => {
    for (let at = 0; at < writes.length; at += AT_ONCE) {
      const stored = writes.slice(at, at + AT_ONCE).map(toStored);
      const isNew = ({ revision }: StoredDocument): boolean => filling || definition.kind === 'entries' || revision === 0;
      const there = await bulk(
        documents,
        stored.map((document) => (isNew(document) ? { insertOne: { document } } : replacing(document))),
      );
      // Newer, or made at this very moment by another writer: the second time only the former meets it again.
      if (there.length > 0)
        await bulk(
          documents,
          there.map((index) => replacing(stored[index]!)),
        );
    }
  };

  const writeParked = async ({ park = [], unpark = [] }: ModelWrite): Promise<void> => {
    const idOf = (key: string, position: number): string => `${collection}/${position}/${key}`;
    const operations: AnyBulkWriteOperation<StoredParked>[] = [
      ...park.map(({ key, event, error, since }) => ({
        updateOne: {
          filter: { _id: idOf(key, event.position) },
          update: { $set: { error }, $setOnInsert: { collection, key, position: event.position, event: JSON.stringify(event), since } },
          upsert: true,
        },
      })),
      ...unpark.map(({ key, position }) => ({ deleteOne: { filter: { _id: idOf(key, position) } } })),
    ];
    if (operations.length > 0) await parked.bulkWrite(operations);
  };

  const writeDropped = async (drop: readonly DroppedEvent[]): Promise<void> => {
    for (const one of drop) {
      await dropped.updateOne({ _id: `${model}/${one.position}` }, { $setOnInsert: { ...one, model } }, { upsert: true });
    }
  };

  const page = (after: string): Promise<readonly { readonly id: string; readonly doc: Document }[]> =>
    guarded(async () => {
      const options = { sort: { _id: 1 } as const, limit: PAGE, projection: { doc: 1 }, ...read };
      const found = await documents.find({ _id: { $gt: after }, live: true }, options).toArray();
      // A dropped collection answers that there is nothing more.
      if (found.length < PAGE) await registered();
      return found.map(({ _id, doc }) => ({ id: _id, doc: doc! }));
    });

  return {
    generation,
    documents,

    load: (ids) =>
      guarded(async () => {
        const found = new Map<string, { readonly revision: number; readonly doc: Document | undefined }>();
        for (let at = 0; at < ids.length; at += AT_ONCE) {
          const cursor = documents.find({ _id: { $in: ids.slice(at, at + AT_ONCE) } }, { projection: { revision: 1, doc: 1 }, ...read });
          for (const { _id, revision, doc } of await cursor.toArray()) found.set(_id, { revision, doc });
        }
        if (found.size === 0 && performance.now() >= knownUntil) await registered();
        return found;
      }),

    idsOfSubject: (subject) =>
      guarded(async () => {
        const found = await documents.find({ subjects: subject }, { projection: { _id: 1 }, ...read }).toArray();
        return found.map(({ _id }) => _id);
      }),

    write: (batch) =>
      guarded(async () => {
        await checkWritable();
        await writeDocuments(batch.documents);
        await writeParked(batch);
        await writeDropped(batch.drop ?? []);
        const reached = batch.reached ?? [];
        if (batch.progress.length === 0 && reached.length === 0) return;
        const moved = Object.fromEntries([
          ...batch.progress.map((entry) => [`progress.${placeOf(entry.topic, entry.generation, entry.partition)}`, entry] as const),
          ...reached.map((entry) => [`reached.${placeOf(entry.context)}`, entry] as const),
        ]);
        const { matchedCount } = await generations.collection.updateOne(
          { _id: collection, retiredAt: { $exists: false } },
          { $set: moved },
        );
        if (matchedCount === 0) throw noGeneration(generation);
      }),

    progress: () => guarded(async () => Object.values((await registered()).progress)),
    reached: () => guarded(async () => Object.values((await registered()).reached)),

    parked: () =>
      guarded(async () => {
        const found = await parked.find({ collection }, { sort: { key: 1, position: 1 }, ...read }).toArray();
        return found.map(({ key, event, error, since }): ParkedEvent => ({ key, event: JSON.parse(event), error, since }));
      }),

    dropped: () =>
      guarded(async () => {
        const found = await dropped.find({ model }, { sort: { position: 1 }, projection: { _id: 0, model: 0 }, ...read }).toArray();
        return found as readonly DroppedEvent[];
      }),

    async *all() {
      for (let after = ''; ;) {
        const found = await page(after);
        yield* found;
        if (found.length < PAGE) return;
        after = found.at(-1)!.id;
      }
    },

    /**
     * The documents were written anew without the values, and the index entries of tokens and subjects with them; other generations
     * that nobody feeds lose theirs here. When the server's storage and its journal give up the old bytes is the server's business.
     */
    purge: (subjects) => guarded(() => generations.eraseElsewhere(definition, subjects)),

    settle: () => void (filling = false),
    shut: () => void (shut = true),
  };
};
