import type { PartitionProgress } from '@sanwang/messaging';
import { consumerGroup, consumerName, shapeOf, type ModelDefinition, type ReachedPosition } from '@sanwang/read-model';
import { Rejection, uuidv7 } from '@sanwang/kernel';
import { MongoServerError } from 'mongodb';
import { MAX_TIME_MS, serverClock, type Database } from './database.ts';
import { indexesOf } from './models-document.ts';
import { isDuplicate, isVanished } from './rejecting.ts';

/** A generation of a model: a collection of documents, and this document about it. */
export interface StoredGeneration {
  /** Name of the collection. */
  readonly _id: string;
  readonly model: string;
  readonly version: number;
  readonly generation: string;
  /** By topic, generation and partition, and by context: see `placeOf`. */
  readonly progress: Readonly<Record<string, PartitionProgress>>;
  readonly reached: Readonly<Record<string, ReachedPosition>>;
  /** Since when nobody is sent to it any more (the server's clock). */
  readonly retiredAt?: string;
}

/** Which generation of a version of a model is the live one. */
interface Pointer {
  /** The consumer group. */
  readonly _id: string;
  readonly model: string;
  readonly version: number;
  readonly generation: string;
  /** When a process last asked for it (the server's clock, to ten minutes). */
  readonly usedAt: string;
}

/** Whoever still reads a retired generation has so long to get to its end; its collection is dropped then. */
export const GRACE_MS = 600_000;
/** A version that nobody asked for in so long is taken away with its documents. */
const UNUSED_MS = 7 * 86_400_000;
/** What was made aside and not swapped in within so long. */
const LEFT_MS = 86_400_000;
const MARK_USED_MS = 600_000;
/** How long a look at all pointers counts. */
const GLANCE_MS = 500;
const IDLE_MS = 3 * MARK_USED_MS;

const NAMESPACE_EXISTS = 48;

export const collectionOf = (definition: ModelDefinition, generation: string): string => `m.${consumerName(definition)}.${generation}`;
/** A name for a field of a document, out of what may hold dots. */
export const placeOf = (...parts: readonly (string | number)[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
export const isMadeFor = (definition: ModelDefinition, generation: string): boolean => generation.startsWith(`${shapeOf(definition)}-`);

export const noGeneration = (generation: string): Rejection =>
  new Rejection('unavailable', 'read-model-unavailable', `The generation ${generation} of the model is not in use any more.`, {
    facts: { generation },
  });

const madeMs = (generation: string): number => {
  const id = generation.split('-').slice(2).join('');
  return Number.parseInt(id.slice(0, 12), 16);
};

/** The generations of all models of a database, and which of them are live. */
export const createGenerations = (database: Database) => {
  const { db } = database;
  const generations = db.collection<StoredGeneration>('generations');
  const pointers = db.collection<Pointer>('live');
  const markedAt = new Map<string, number>();
  const read = { maxTimeMS: MAX_TIME_MS };
  const now = (): Promise<string> => serverClock(database);

  const pointed = async (definition: ModelDefinition): Promise<string | undefined> => {
    const group = consumerGroup(definition);
    const found = await pointers.findOne({ _id: group }, read);
    if (found && performance.now() - (markedAt.get(group) ?? -Infinity) > MARK_USED_MS) {
      markedAt.set(group, performance.now());
      await pointers.updateOne({ _id: group }, { $set: { usedAt: await now() } });
    }
    return found?.generation;
  };

  let glance: { readonly at: number; readonly found: Promise<ReadonlyMap<string, string>> } | undefined;
  const lookAtAll = async (): Promise<ReadonlyMap<string, string>> => {
    const found = await pointers.find({}, read).toArray();
    return new Map(found.map(({ _id, generation }) => [_id, generation]));
  };
  /** `pointed`, perhaps from half a second ago: a process looks after many models, and one look at all pointers serves them. */
  const pointedLately = async (definition: ModelDefinition): Promise<string | undefined> => {
    const group = consumerGroup(definition);
    if (performance.now() - (markedAt.get(group) ?? -Infinity) > MARK_USED_MS) return pointed(definition);
    if (!glance || performance.now() - glance.at > GLANCE_MS) {
      const found = lookAtAll();
      glance = { at: performance.now(), found };
      found.catch(() => (glance = undefined));
    }
    return (await glance.found).get(group);
  };

  const drop = async (collection: string): Promise<void> => {
    await db.dropCollection(collection).catch((error: unknown) => {
      if (!isVanished(error)) throw error;
    });
    await db.collection('parked').deleteMany({ collection });
    await generations.deleteOne({ _id: collection });
  };
  const retire = async (collection: string): Promise<void> => {
    await generations.updateOne({ _id: collection, retiredAt: { $exists: false } }, { $set: { retiredAt: await now() } });
  };

  /** Takes a version away unless somebody asked for it meanwhile. */
  const unpoint = async (definition: ModelDefinition, { _id, version, generation, usedAt }: Pointer): Promise<boolean> => {
    if ((await pointers.deleteOne({ _id, generation, usedAt })).deletedCount === 0) return false;
    await retire(collectionOf({ ...definition, version }, generation));
    return true;
  };

  return {
    collection: generations,
    pointed,
    pointedLately,
    find: (collection: string): Promise<StoredGeneration | null> => generations.findOne({ _id: collection }, read),

    /** True when a version of the model has a live generation. */
    hasLive: async (definition: ModelDefinition): Promise<boolean> =>
      (await pointers.findOne({ model: consumerName(definition) }, read)) !== null,

    async create(definition: ModelDefinition): Promise<string> {
      const generation = `${shapeOf(definition)}-${uuidv7()}`;
      const collection = collectionOf(definition, generation);
      await generations.insertOne({
        _id: collection,
        model: consumerName(definition),
        version: definition.version,
        generation,
        progress: {},
        reached: {},
      });
      // Made here and nowhere else: what was dropped does not come back unseen.
      await db.createCollection(collection).catch((error: unknown) => {
        if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_EXISTS) throw error;
      });
      // While it is empty: over many documents it would outlast every limit of time.
      const indexes = [...indexesOf(definition)];
      if (indexes.length > 0) await db.collection(collection).createIndexes(indexes);
      return generation;
    },

    /** Of this declaration, neither live nor retired, the youngest first. */
    async aside(definition: ModelDefinition): Promise<readonly StoredGeneration[]> {
      const live = await pointed(definition);
      const found = await generations
        .find({ model: consumerName(definition), version: definition.version, retiredAt: { $exists: false } }, read)
        .toArray();
      return found
        .filter(({ generation }) => generation !== live && isMadeFor(definition, generation))
        .sort((left, right) => madeMs(right.generation) - madeMs(left.generation));
    },

    /** Makes a generation the live one in the place of `former` (`undefined`: of none); false when it is another by now. */
    async point(definition: ModelDefinition, generation: string, former: string | undefined): Promise<boolean> {
      glance = undefined;
      const group = consumerGroup(definition);
      const pointer = { model: consumerName(definition), version: definition.version, generation, usedAt: await now() };
      if (former === undefined) {
        try {
          await pointers.insertOne({ _id: group, ...pointer });
          return true;
        } catch (error) {
          if (isDuplicate(error)) return false;
          throw error;
        }
      }
      return (await pointers.replaceOne({ _id: group, generation: former }, pointer)).matchedCount === 1;
    },

    retire,
    drop,

    /**
     * Takes what is known of these subjects out of generations that nobody feeds any more, and with it the version that is unused:
     * who goes back to it builds it anew. A rebuild erases by itself.
     */
    async eraseElsewhere(definition: ModelDefinition, subjects: readonly string[]): Promise<void> {
      const model = consumerName(definition);
      const idleSince = new Date(Date.parse(await now()) - IDLE_MS).toISOString();
      for (const pointer of await pointers.find({ model, usedAt: { $lt: idleSince } }, read).toArray()) {
        const { version, generation } = pointer;
        if (version === definition.version) continue;
        const held = db.collection(collectionOf({ ...definition, version }, generation));
        if (!(await held.findOne({ subjects: { $in: [...subjects] } }, { projection: { _id: 1 }, ...read }))) continue;
        await unpoint(definition, pointer);
      }
      for (const { _id } of await generations.find({ model, retiredAt: { $exists: true } }, read).toArray()) {
        await db.collection(_id).deleteMany({ subjects: { $in: [...subjects] } });
      }
    },

    /**
     * Takes away what nobody reads or goes on with: retired generations after their grace, versions unused for a week, and what
     * a rebuild that nobody went on with left behind a day ago.
     */
    async sweep(definition: ModelDefinition): Promise<void> {
      const model = consumerName(definition);
      const at = Date.parse(await now());
      const live = new Map<string, string>();
      for (const pointer of await pointers.find({ model }, read).toArray()) {
        const isUnused = pointer.version !== definition.version && at - Date.parse(pointer.usedAt) > UNUSED_MS;
        if (!isUnused || !(await unpoint(definition, pointer))) live.set(pointer._id, pointer.generation);
      }
      for (const { _id, version, generation, retiredAt } of await generations.find({ model }, read).toArray()) {
        if (live.get(consumerGroup({ ...definition, version })) === generation) continue;
        if (retiredAt !== undefined) {
          if (at - Date.parse(retiredAt) > GRACE_MS) await drop(_id);
        } else if (at - madeMs(generation) > LEFT_MS) {
          await retire(_id);
        }
      }
    },
  };
};
export type Generations = ReturnType<typeof createGenerations>;
