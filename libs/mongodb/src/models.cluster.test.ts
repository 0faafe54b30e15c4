import type { FieldFilter, ModelDefinition, ModelGeneration, ModelStore } from '@sanwang/read-model';
import { shops } from '@sanwang/read-model/sample';
import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { testDatabase } from './fixture.ts';
import { openModels } from './models.ts';

const model = shops() as unknown as ModelDefinition;
let database: Awaited<ReturnType<typeof testDatabase>>;
let connected: Database;
const stores: ModelStore[] = [];
/** A store as another process has it. */
const startProcess = (): ModelStore => {
  const store = openModels(database.connect());
  stores.push(store);
  return store;
};
beforeEach(async () => {
  database = await testDatabase();
  connected = database.connect();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await database.drop();
});
const document = (id: string, revision: number, doc: object | undefined, subjects: readonly string[] = []) => ({
  id,
  revision,
  doc: doc as Record<string, unknown> | undefined,
  tokens: [],
  subjects,
});
const write = (generation: ModelGeneration, ...documents: readonly ReturnType<typeof document>[]) =>
  generation.write({ documents, progress: [] });
const registry = () => connected.db.collection<{ _id: string; retiredAt?: string }>('generations');
const collections = async () => (await connected.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
/** As if the clock had gone on. */
const retireLongAgo = (generation: ModelGeneration) =>
  registry().updateOne({ _id: `m.sample.shops.${generation.generation}` }, { $set: { retiredAt: '2026-01-01T00:00:00.000Z' } });

it('shows what one process swapped in to the readers of another within seconds', async () => {
  const [one, other] = [startProcess(), startProcess()];
  await write(await one.live(model), document('a', 0, { name: 'old' }));
  const reader = await other.reader(model);
  expect(await reader.get('a', 'everything')).toEqual({ name: 'old' });
  const next = await one.create(model);
  await write(next, document('a', 0, { name: 'new' }));
  await one.swap(model, next.generation);
  await eventually(async () => expect(await reader.get('a', 'everything')).toEqual({ name: 'new' }));
  expect((await other.live(model)).generation).toBe(next.generation);
});

it('makes a model that declares no index, no jurisdiction and no search', async () => {
  const { search: _search, scope: _scope, opens: _opens, ...rest } = model;
  const bare: ModelDefinition = { ...rest, name: 'bare', indexes: [] };

  const store = startProcess();
  await write(await store.live(bare), document('a', 0, { name: 'one' }));

  expect(await (await store.reader(bare)).get('a', 'everything')).toEqual({ name: 'one' });
});

it('lets two processes that begin a model at the same time begin the same one', async () => {
  const live = await Promise.all(Array.from({ length: 4 }, () => startProcess().live(model)));
  expect(new Set(live.map(({ generation }) => generation)).size).toBe(1);
});

it('takes no writes to a generation that was swapped out, and does not make a dropped one anew', async () => {
  const [one, other] = [startProcess(), startProcess()];
  const old = await one.live(model);
  const oldElsewhere = await other.live(model);
  await write(oldElsewhere, document('a', 0, { name: 'a' }));
  const next = await one.create(model);
  await one.swap(model, next.generation);
  await expect(write(old, document('b', 0, { name: 'b' }))).rejects.toMatchObject({ code: 'unavailable' });
  await eventually(() => expect(write(oldElsewhere, document('c', 0, {}))).rejects.toMatchObject({ code: 'unavailable' }));
  await retireLongAgo(old);
  await one.swap(model, (await one.create(model)).generation);
  expect(await collections()).not.toContain(`m.sample.shops.${old.generation}`);
  await expect(write(oldElsewhere, document('d', 0, {}))).rejects.toMatchObject({ code: 'unavailable' });
  await expect(oldElsewhere.load(['a'])).rejects.toMatchObject({ code: 'unavailable' });
  expect(await collections()).not.toContain(`m.sample.shops.${old.generation}`);
});

it('never takes the end of a dropped collection for the end of the documents', async () => {
  const store = startProcess();
  const live = await store.live(model);
  await write(live, ...Array.from({ length: 1_200 }, (_, index) => document(`s${String(index).padStart(5, '0')}`, 0, {})));
  const reading = live.all()[Symbol.asyncIterator]();
  await reading.next();
  await store.swap(model, (await store.create(model)).generation);
  await retireLongAgo(live);
  await store.swap(model, (await store.create(model)).generation);
  const rest = async () => {
    while (!(await reading.next()).done);
  };
  await expect(rest()).rejects.toMatchObject({ code: 'unavailable', reason: 'read-model-unavailable' });
});

it('takes the newest of what several writers write at once, whatever comes first', async () => {
  const generations = await Promise.all(Array.from({ length: 4 }, () => startProcess().live(model)));
  const ids = Array.from({ length: 30 }, (_, index) => `shop-${index}`);
  await Promise.all(
    [3, 1, 4, 0, 2].flatMap((revision, index) =>
      ids.map((id) => write(generations[index % 4]!, document(id, revision, revision === 2 ? undefined : { revision }))),
    ),
  );
  expect(await generations[0]!.load(ids)).toEqual(new Map(ids.map((id) => [id, { revision: 4, doc: { revision: 4 } }])));
});

it('compares numbers, texts and nothing in one order, as they are sorted', async () => {
  const mixed = { ...model, indexes: [{ name: 'rank', fields: ['rank'] }] };
  const store = startProcess();
  const values = { a: null, b: -1, c: 5, d: '', e: '5', f: '市', g: '𠮷', h: '\uffee' };
  await write(await store.live(mixed), ...Object.entries(values).map(([id, rank]) => document(id, 0, { id, rank })));
  const reader = await store.reader(mixed);
  const orderBy = { field: 'rank', direction: 'asc' } as const;
  const ids = async (filter: Omit<FieldFilter, 'field'>) =>
    (await reader.query({ where: [{ field: 'rank', ...filter }], scope: 'everything', orderBy, limit: 20 })).items
      .map(({ id }) => id)
      .join('');
  expect(await ids({})).toBe('abcdefhg');
  expect(await ids({ gte: 5 })).toBe('cdefhg');
  expect(await ids({ gt: 5 })).toBe('defhg');
  expect(await ids({ lte: '5' })).toBe('bcde');
  expect(await ids({ lt: '' })).toBe('bc');
  expect(await ids({ lt: 5 })).toBe('b');
  expect(await ids({ gte: '5' })).toBe('efhg');
  expect(await ids({ gte: null })).toBe('');
});

it('takes a document apart from how MongoDB names fields', async () => {
  const store = startProcess();
  const doc = { id: 'a', 'a.b': 1, $set: { 'x.$': [null, { deep: [[]] }] }, big: 2 ** 53 - 1, small: 1e-7, zero: 0, empty: '' };
  const live = await store.live(model);
  await write(live, document('$erased.person.1', 0, undefined), document('a.b/$c', 0, doc));
  expect(await live.load(['a.b/$c', '$erased.person.1'])).toEqual(
    new Map([
      ['a.b/$c', { revision: 0, doc }],
      ['$erased.person.1', { revision: 0, doc: undefined }],
    ]),
  );
});

it('erases subjects also where nobody feeds: in generations swapped out, and in unused versions', async () => {
  const store = startProcess();
  const former = { ...model, version: 0 };
  const held = () => document('a', 0, { contact: { subject: 'person.1', value: '王小二' } }, ['person.1']);
  const unused = await store.live(former);
  const old = await store.live(model);
  for (const generation of [unused, old]) await write(generation, held());
  await connected.db.collection('live').updateOne({ version: 0 }, { $set: { usedAt: new Date(Date.now() - 3_600_000).toISOString() } });
  const next = await store.create(model);
  await store.swap(model, next.generation);
  await write(next, document('a', 0, { contact: { subject: 'person.1', erased: true } }));
  await next.purge!(['person.1']);
  for (const name of await collections()) {
    for await (const one of connected.db.collection(name).find()) expect(JSON.stringify(one)).not.toContain('王小二');
  }
  expect(await store.current(former)).toBeUndefined();
});

it('keeps versions in use side by side, and takes unused ones away after a while', async () => {
  const former = { ...model, version: 0 };
  const before = startProcess();
  await write(await before.live(former), document('a', 0, { name: 'a' }));
  const store = startProcess();
  await store.live(model);
  await store.swap(model, (await store.create(model)).generation);
  expect(await before.current(former)).toBeDefined();
  await connected.db.collection('live').updateOne({ version: 0 }, { $set: { usedAt: '2026-01-01T00:00:00.000Z' } });
  await store.swap(model, (await store.create(model)).generation);
  expect(await startProcess().current(former)).toBeUndefined();
});
