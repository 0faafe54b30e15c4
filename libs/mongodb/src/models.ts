import {
  consumerGroup,
  consumerName,
  type Document,
  type ModelDefinition,
  type ModelPage,
  type ModelReader,
  type ModelStore,
} from '@sanwang/read-model';
import { Rejection } from '@sanwang/kernel';
import type { Database } from './database.ts';
import { collectionOf, createGenerations, GRACE_MS, isMadeFor, noGeneration } from './generations.ts';
import { openGeneration, type MongoGeneration } from './models-generation.ts';
import { readsOf } from './models-query.ts';

/** For so long a reader takes a generation for the live one; another process may have exchanged it since. */
const FOLLOW_MS = 1_000;

interface Followed {
  readonly definition: ModelDefinition;
  readonly live: MongoGeneration;
  readonly until: number;
}

/**
 * Read models in MongoDB: a collection `m.<context>.<model>.<generation>` per generation with one document per key, a document in
 * `live` that names the live generation of a version, one in `generations` about each, with the progress of its consumer; parked
 * and dropped events in `parked` and `dropped`. A document is replaced only by one of the same or a newer revision.
 */
export const openModels = (database: Database): ModelStore => {
  const { guarded } = database;
  const generations = createGenerations(database);
  const opened = new Map<string, MongoGeneration>();
  const followed = new Map<string, Followed>();

  const open = (definition: ModelDefinition, generation: string, filling: boolean): MongoGeneration => {
    const name = collectionOf(definition, generation);
    const known = opened.get(name) ?? openGeneration(database, generations, definition, generation, { filling });
    opened.set(name, known);
    return known;
  };
  const forget = (definition: ModelDefinition, generation: string): void => {
    const name = collectionOf(definition, generation);
    opened.get(name)?.shut();
    opened.delete(name);
  };
  const follow = (definition: ModelDefinition, generation: string): MongoGeneration => {
    const live = open(definition, generation, false);
    live.settle();
    const before = followed.get(consumerGroup(definition))?.live.generation;
    if (before !== undefined && before !== generation) forget(definition, before);
    followed.set(consumerGroup(definition), { definition, live, until: performance.now() + FOLLOW_MS });
    return live;
  };

  const make = async (definition: ModelDefinition): Promise<MongoGeneration> =>
    open(definition, await generations.create(definition), true);
  const sweeping = setInterval(() => {
    for (const { definition } of followed.values()) void guarded(() => generations.sweep(definition)).catch(() => undefined);
  }, GRACE_MS).unref();

  /** False when another process has exchanged the live generation meanwhile. */
  const exchange = async (definition: ModelDefinition, generation: string, former: string | undefined): Promise<boolean> => {
    const collection = collectionOf(definition, generation);
    const { matchedCount } = await generations.collection.updateOne(
      { _id: collection, retiredAt: { $exists: false } },
      { $set: { reached: {} } },
    );
    if (matchedCount === 0) throw noGeneration(generation);
    if (!(await generations.point(definition, generation, former))) return false;
    if (former !== undefined && former !== generation) await generations.retire(collectionOf(definition, former));
    follow(definition, generation);
    await generations.sweep(definition);
    return true;
  };
  const discard = async (definition: ModelDefinition, generation: string): Promise<void> => {
    if ((await generations.pointed(definition)) === generation) return;
    forget(definition, generation);
    const collection = collectionOf(definition, generation);
    await generations.retire(collection);
    await generations.drop(collection);
  };

  const openLive = async (definition: ModelDefinition): Promise<MongoGeneration> => {
    for (;;) {
      const generation = await generations.pointed(definition);
      if (generation !== undefined && isMadeFor(definition, generation)) return follow(definition, generation);
      const made = await make(definition);
      if (await exchange(definition, made.generation, generation)) return made;
      await discard(definition, made.generation);
    }
  };
  const opening = new Map<string, Promise<MongoGeneration>>();
  const live = (definition: ModelDefinition): Promise<MongoGeneration> => {
    const name = consumerGroup(definition);
    const pending = opening.get(name) ?? guarded(() => openLive(definition)).finally(() => opening.delete(name));
    opening.set(name, pending);
    return pending;
  };
  const current = async (definition: ModelDefinition): Promise<MongoGeneration> => {
    const group = consumerGroup(definition);
    const known = followed.get(group);
    if (!known) return live(definition);
    if (performance.now() < known.until) return known.live;
    if ((await generations.pointedLately(definition)) !== known.live.generation) return live(definition);
    followed.set(group, { ...known, until: performance.now() + FOLLOW_MS });
    return known.live;
  };

  return {
    state: (definition) =>
      guarded(async () => {
        const generation = await generations.pointed(definition);
        if (generation !== undefined && isMadeFor(definition, generation)) return 'live';
        return (await generations.hasLive(definition)) ? 'stale' : 'none';
      }),
    current: (definition) =>
      guarded(async () => {
        const generation = await generations.pointedLately(definition);
        return generation !== undefined && isMadeFor(definition, generation) ? generation : undefined;
      }),
    live,

    async reader<Doc extends Document>(definition: ModelDefinition<Doc>): Promise<ModelReader<Doc>> {
      const declared = definition as unknown as ModelDefinition;
      await current(declared);
      const reads = async () => readsOf(declared, (await current(declared)).documents);
      return {
        definition,
        get: (id, scope) => guarded(async () => (await (await reads()).getMany([id], scope)).get(id) as Doc | undefined),
        getMany: (ids, scope) => guarded(async () => (await (await reads()).getMany(ids, scope)) as ReadonlyMap<string, Doc>),
        query: (query) => guarded(async () => (await (await reads()).query(query)) as ModelPage<Doc>),
        count: (options) => guarded(async () => (await reads()).count(options)),
        async *all() {
          yield* (await current(declared)).all() as AsyncIterable<{ readonly id: string; readonly doc: Doc }>;
        },
        progress: async () => (await current(declared)).progress(),
      };
    },

    create: (definition) => guarded(() => make(definition)),
    unfinished: (definition) =>
      guarded(async () => {
        const left = (await generations.aside(definition)).find(({ _id, reached }) => Object.keys(reached).length > 0 && !opened.has(_id));
        return left && open(definition, left.generation, true);
      }),
    swap: (definition, generation) =>
      guarded(async () => {
        for (let tries = 0; tries < 3; tries++) {
          if (await exchange(definition, generation, await generations.pointed(definition))) return;
        }
        throw new Rejection('unavailable', 'read-model-unavailable', `${consumerName(definition)} is being exchanged by another process.`);
      }),
    discard: (definition, generation) => guarded(() => discard(definition, generation)),

    async close() {
      clearInterval(sweeping);
      for (const generation of opened.values()) generation.shut();
      opened.clear();
      followed.clear();
    },
  };
};
