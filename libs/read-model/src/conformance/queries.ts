import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchTokens } from '../search.ts';
import type { ModelDefinition, ModelQuery, ModelReader, ModelStore, QueryScope } from '../port.ts';
import type { OpenModelStore, ModelStoreUnderTest } from './under-test.ts';
import { keptShops, shops, written } from './sample.ts';

const model = shops() as unknown as ModelDefinition;
interface Row extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly name: string;
}

/** What a store owes a reader: filters, order, pages, search, jurisdiction, counts. */
export const queryConformance = (open: OpenModelStore): void => {
  let under: ModelStoreUnderTest;
  let store: ModelStore;
  let reader: ModelReader;
  beforeEach(async () => {
    under = await open();
    store = under.store;
    reader = await store.reader(model);
  });
  afterEach(() => under.close());

  const fill = async (rows: readonly Row[]): Promise<void> => {
    const generation = await store.live(model);
    await generation.write({ documents: rows.map((row) => written(row.id, 0, row, searchTokens([row.name]))), progress: [] });
  };
  const ids = async (query: Partial<ModelQuery>): Promise<readonly unknown[]> =>
    (await reader.query({ scope: 'everything', limit: 100, ...query })).items.map(({ id }) => id);
  const pages = async (query: Partial<ModelQuery>): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    let pageToken: string | undefined;
    do {
      const page = await reader.query({ scope: 'everything', limit: 3, ...query, ...(pageToken ? { pageToken } : {}) });
      found.push(...page.items.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken);
    return found;
  };

  describe('filters', () => {
    beforeEach(() =>
      fill([
        { id: 'a', name: '甲', unit: 'sz', rank: 1, urgent: true },
        { id: 'b', name: '乙', unit: 'sz-futian', rank: 2, urgent: false },
        { id: 'c', name: '丙', unit: 'sz-futian', rank: null },
        { id: 'd', name: '丁', unit: 'sz_futian', rank: 10, urgent: true },
      ]),
    );
    it.each<[string, NonNullable<ModelQuery['where']>, string]>([
      ['equals', [{ field: 'unit', eq: 'sz-futian' }], 'bc'],
      ['true and false', [{ field: 'urgent', eq: true }], 'ad'],
      ['null or absent', [{ field: 'urgent', eq: null }], 'c'],
      ['exists', [{ field: 'rank', exists: true }], 'abd'],
      ['does not exist', [{ field: 'rank', exists: false }], 'c'],
      ['one of', [{ field: 'rank', in: [1, 10, 99] }], 'ad'],
      ['one of, with null', [{ field: 'rank', in: [2, null] }], 'bc'],
      ['one of none', [{ field: 'rank', in: [] }], ''],
      ['range, both ends', [{ field: 'rank', gte: 1, lte: 2 }], 'ab'],
      ['range, open ends', [{ field: 'rank', gt: 1, lt: 10 }], 'b'],
      ['prefix', [{ field: 'unit', prefix: 'sz-' }], 'bc'],
      [
        'several at once',
        [
          { field: 'unit', prefix: 'sz' },
          { field: 'urgent', eq: true },
          { field: 'rank', gt: 1 },
        ],
        'd',
      ],
    ])('%s', async (_, where, expected) => {
      expect((await ids({ where })).join('')).toBe(expected);
    });

    it('refuses a filter on a field that is not declared, and names those that are', async () => {
      await expect(ids({ where: [{ field: 'recordedAt', eq: 'x' }] })).rejects.toMatchObject({
        code: 'invalid-argument',
        reason: 'unknown-filter',
        violations: [{ field: 'recordedAt', expected: expect.stringContaining('unit, rank') }],
      });
    });
    it('refuses an order by a field that is not declared, and a page of no or too many documents', async () => {
      await expect(ids({ orderBy: { field: 'x"; --', direction: 'asc' } })).rejects.toMatchObject({ reason: 'unknown-order' });
      await expect(ids({ limit: 0 })).rejects.toMatchObject({ reason: 'page-size' });
      await expect(ids({ limit: 100_000 })).rejects.toMatchObject({ reason: 'page-size' });
    });

    it('counts by the values of fields, and adds up numbers', async () => {
      const count = await reader.count({ scope: 'everything', by: ['urgent'], sum: ['rank'] });
      expect(count).toEqual([
        { key: { urgent: null }, count: 1, sums: { rank: 0 } },
        { key: { urgent: false }, count: 1, sums: { rank: 2 } },
        { key: { urgent: true }, count: 2, sums: { rank: 11 } },
      ]);
      expect(await reader.count({ scope: 'everything', by: [], where: [{ field: 'unit', eq: 'sz' }] })).toEqual([
        { key: {}, count: 1, sums: {} },
      ]);
    });
  });

  describe('list fields', () => {
    const definition = keptShops() as unknown as ModelDefinition;
    const rows: readonly Row[] = [
      { id: 'a', name: '甲', keepers: ['officer-1', 'officer-2'], codes: [1, 2, 1], rank: 3, area: '171' },
      { id: 'b', name: '乙', keepers: ['officer-2', 'officer-2'], codes: [2], rank: 2, area: '172' },
      { id: 'c', name: '丙', keepers: [], rank: 1, area: '171' },
      { id: 'd', name: '丁', area: '172' },
      { id: 'e', name: '戊', keepers: ['officer-1'], codes: [10], rank: 1, area: '172' },
    ];
    const load = async (bulk: boolean): Promise<void> => {
      const generation = bulk ? await store.create(definition) : await store.live(definition);
      await generation.write({ documents: rows.map((row) => written(row.id, 0, row)), progress: [] });
      if (bulk) await store.swap(definition, generation.generation);
      reader = await store.reader(definition);
    };
    const rank = { orderBy: { field: 'rank', direction: 'asc' } } as const;

    describe.each([
      ['one by one', false],
      ['by a bulk load', true],
    ])('written %s', (_, bulk) => {
      beforeEach(() => load(bulk));
      it.each<[string, NonNullable<ModelQuery['where']>, string]>([
        ['contain the value', [{ field: 'keepers', eq: 'officer-1' }], 'ea'],
        ['contain a number', [{ field: 'codes', eq: 1 }], 'a'],
        ['contain two values', [1, 2].map((n) => ({ field: 'keepers', eq: `officer-${n}` })), 'a'],
        ['contain one of the values', [{ field: 'keepers', in: ['officer-1', 'officer-2', 'x'] }], 'eba'],
        ['contain none of none', [{ field: 'keepers', in: [] }], ''],
        ['never contain null', [{ field: 'keepers', eq: null }], ''],
        [
          'contain the value, beside another filter',
          [
            { field: 'keepers', eq: 'officer-2' },
            { field: 'rank', gt: 2 },
          ],
          'a',
        ],
      ])('%s', async (_name, where, expected) => {
        expect((await ids({ where, ...rank })).join('')).toBe(expected);
        expect((await pages({ where, ...rank, limit: 1 })).join('')).toBe(expected);
        expect(await reader.count({ where, scope: 'everything', by: [] })).toEqual([{ key: {}, count: expected.length, sums: {} }]);
      });
    });

    it('show the documents of an owner among several, wherever they lie, and no others', async () => {
      await load(false);
      const within = (scope: Exclude<QueryScope, 'everything'>) => ids({ scope, ...rank }).then((found) => found.join(''));
      expect(await within({ areas: [], units: [], owner: 'officer-1' })).toBe('ea');
      expect(await within({ areas: ['171'], units: [], owner: 'officer-1' })).toBe('cea');
      expect(await within({ areas: [], units: [], owner: 'nobody' })).toBe('');
      const scope: QueryScope = { areas: [], units: [], owner: 'officer-2' };
      expect([...(await reader.getMany(['a', 'b', 'e'], scope)).keys()].sort()).toEqual(['a', 'b']);
      expect(await reader.count({ scope, by: ['area'] })).toMatchObject([{ count: 1 }, { count: 1 }]);
    });

    it('follow the document when it changes and when it is removed', async () => {
      await load(false);
      const generation = await store.live(definition);
      const changed = { ...rows[0]!, keepers: ['officer-2', 'officer-3'] };
      await generation.write({ documents: [written('a', 1, changed), written('e', 1, undefined)], progress: [] });
      expect(await ids({ where: [{ field: 'keepers', eq: 'officer-1' }] })).toEqual([]);
      expect(await ids({ where: [{ field: 'keepers', eq: 'officer-3' }] })).toEqual(['a']);
      expect(await ids({ where: [{ field: 'keepers', eq: 'officer-2' }], ...rank })).toEqual(['b', 'a']);
    });

    it('are found in a long list as in a short one', async () => {
      const generation = await store.live(definition);
      const many = Array.from({ length: 2_500 }, (_, index) => ({
        id: `s${String(index).padStart(5, '0')}`,
        name: '店',
        keepers: ['everyone', `keeper-${index % 100}`],
        rank: -index,
      }));
      await generation.write({ documents: many.map((row) => written(row.id, 0, row)), progress: [] });
      reader = await store.reader(definition);
      const first = many.at(-1)!.id;
      expect(
        (await reader.query({ where: [{ field: 'keepers', eq: 'everyone' }], scope: 'everything', ...rank, limit: 1 })).items[0],
      ).toMatchObject({ id: first });
      expect(
        await ids({
          where: [
            { field: 'keepers', eq: 'everyone' },
            { field: 'keepers', eq: 'keeper-7' },
          ],
        }),
      ).toHaveLength(25);
    });

    it.each<[string, Partial<ModelQuery>, string]>([
      ['a range', { where: [{ field: 'keepers', gte: 'a' }] }, 'unknown-filter'],
      ['a prefix', { where: [{ field: 'keepers', prefix: 'off' }] }, 'unknown-filter'],
      ['a test for presence', { where: [{ field: 'keepers', exists: true }] }, 'unknown-filter'],
      ['an order', { orderBy: { field: 'keepers', direction: 'asc' } }, 'unknown-order'],
    ])('refuse %s', async (_, query, reason) => {
      await load(false);
      await expect(ids(query)).rejects.toMatchObject({ code: 'invalid-argument', reason });
    });
    it('refuse to be grouped by', async () => {
      await load(false);
      await expect(reader.count({ scope: 'everything', by: ['keepers'] })).rejects.toMatchObject({ reason: 'unknown-filter' });
    });
  });

  describe('pages', () => {
    const row = fc.record({
      rank: fc.option(fc.integer({ min: -3, max: 3 }), { nil: null }),
      unit: fc.option(fc.constantFrom('sz', 'sz-a', '市局', 'sz-b'), { nil: undefined }),
      urgent: fc.option(fc.boolean(), { nil: null }),
      name: fc.constantFrom('面', '茶', 'a', ''),
      visits: fc.integer({ min: 0, max: 2 }),
    });
    const rows = fc.array(row, { maxLength: 14 });

    it.each(['rank', 'unit', 'urgent', 'name', 'visits', undefined])(
      'put together are the whole list in order, by %s in both directions, nulls lowest',
      async (field) => {
        let run = 0;
        await fc.assert(
          fc.asyncProperty(rows, fc.constantFrom('asc', 'desc'), fc.integer({ min: 1, max: 5 }), async (list, direction, limit) => {
            const prefix = `r${++run}-`;
            await fill(list.map((entry, index) => ({ ...entry, id: `${prefix}${index}`, owner: prefix })));
            const scope: QueryScope = { areas: [], units: [], owner: prefix };
            const query = { scope, ...(field ? { orderBy: { field, direction } } : {}) } as const;
            const paged = await pages({ ...query, limit });
            expect(paged).toEqual(await ids(query));
            expect([...paged].sort()).toEqual(list.map((_, index) => `${prefix}${index}`).sort());
            if (!field) return;
            const value = (id: unknown): string | number => {
              const found = list[Number((id as string).slice(prefix.length))]![field as 'rank'] as unknown;
              return found === null || found === undefined ? -Infinity : typeof found === 'string' ? found : Number(found);
            };
            for (const [index, id] of paged.entries()) {
              const [left, right] = [value(paged[index - 1] ?? id), value(id)];
              const sorted = left === right || left === -Infinity || (right !== -Infinity && left < right);
              const reversed = left === right || right === -Infinity || (left !== -Infinity && left > right);
              expect(direction === 'asc' ? sorted : reversed).toBe(true);
            }
          }),
          { numRuns: 15 },
        );
      },
    );

    it('refuses the token of another query, and one that is none', async () => {
      await fill(['a', 'b', 'c'].map((id) => ({ id, name: id, rank: 1 })));
      const orderBy = { field: 'rank', direction: 'asc' } as const;
      const { nextPageToken } = await reader.query({ scope: 'everything', orderBy, limit: 2 });
      const refused = { code: 'invalid-argument', reason: 'page-token' };
      await expect(ids({ pageToken: nextPageToken! })).rejects.toMatchObject(refused);
      await expect(ids({ orderBy, where: [{ field: 'rank', eq: 1 }], pageToken: nextPageToken! })).rejects.toMatchObject(refused);
      await expect(ids({ orderBy, pageToken: 'no such page' })).rejects.toMatchObject(refused);
      expect(await ids({ orderBy, pageToken: nextPageToken! })).toEqual(['c']);
    });

    it('has no next page after exactly the last document', async () => {
      await fill(['a', 'b'].map((id) => ({ id, name: id })));
      expect((await reader.query({ scope: 'everything', limit: 2 })).nextPageToken).toBeUndefined();
    });
  });

  describe('search', () => {
    beforeEach(() =>
      fill([
        { id: 'a', name: '兰州拉面馆' },
        { id: 'b', name: '张三丰面包店' },
        { id: 'c', name: '馆前路面业行' },
        { id: 'd', name: 'Huaqiang North 华强北' },
        { id: 'e', name: '张三面三丰' },
      ]),
    );
    it.each([
      ['one Chinese character', '面', 'abce'],
      ['two', '面馆', 'a'],
      ['three, not put together from pairs that stand apart', '张三丰', 'b'],
      ['all words of the query', '面 张三', 'be'],
      ['the beginning of a Latin word, any case', 'huaq', 'd'],
      ['the inside of a Latin word', 'QIANG', 'd'],
      ['full-width letters', 'ＮＯＲＴＨ', 'd'],
      ['nothing', '粥', ''],
    ])('finds %s', async (_, search, expected) => {
      expect((await ids({ search })).join('')).toBe(expected);
      expect((await pages({ search, limit: 1 })).join('')).toBe(expected);
    });
    it.each(['。', '、 ——', '*'])('refuses %s, in which there is nothing to search for', async (search) => {
      await expect(ids({ search })).rejects.toMatchObject({
        code: 'invalid-argument',
        reason: 'search-empty',
        violations: [{ field: 'q', expected: 'at least one letter or digit' }],
      });
    });
    it.each(['', '  '])('lists everything for no search, which "%s" is', async (search) => {
      expect((await ids({ search })).join('')).toBe('abcde');
    });
    it('finds a changed text by its new words only', async () => {
      const generation = await store.live(model);
      const row = { id: 'a', name: '重庆小面' };
      await generation.write({ documents: [written('a', 1, row, searchTokens([row.name]))], progress: [] });
      expect(await ids({ search: '兰州' })).toEqual([]);
      expect(await ids({ search: '重庆' })).toEqual(['a']);
    });
  });

  it('filters a list by what is in it', async () => {
    await fill([
      { id: 'a', name: '甲', keepers: ['wang', 'li "the elder"'] },
      { id: 'b', name: '乙', keepers: ['li'] },
      { id: 'c', name: '丙', keepers: [] },
      { id: 'd', name: '丁' },
    ]);
    expect(await ids({ where: [{ field: 'keepers', eq: 'wang' }] })).toEqual(['a']);
    expect(await ids({ where: [{ field: 'keepers', eq: 'li "the elder"' }] })).toEqual(['a']);
    expect(await ids({ where: [{ field: 'keepers', in: ['li', 'wang'] }] })).toEqual(['a', 'b']);
    expect(await ids({ where: [{ field: 'keepers', eq: 'l' }] })).toEqual([]);
  });

  describe('jurisdiction', () => {
    beforeEach(() =>
      fill([
        { id: 'a', name: '甲', area: '171400042', unit: 'city-w42' },
        { id: 'b', name: '乙', area: '1714000', unit: 'city' },
        { id: 'c', name: '丙', area: '181400042', unit: 'city-w43', owner: 'officer-7' },
        { id: 'd', name: '丁' },
      ]),
    );
    const within = (scope: Exclude<QueryScope, 'everything'>) => ids({ scope }).then((found) => found.join(''));
    it('shows what lies in the areas, belongs to the units, or is the owner’s, and nothing else', async () => {
      expect(await within({ areas: ['1714000'], units: [] })).toBe('ab');
      expect(await within({ areas: ['171400042'], units: ['city-w43'] })).toBe('ac');
      expect(await within({ areas: [], units: [], owner: 'officer-7' })).toBe('c');
      expect(await within({ areas: [], units: [] })).toBe('');
      expect(await ids({ scope: 'everything' })).toEqual(['a', 'b', 'c', 'd']);
    });
    it('holds for single documents and for counts too', async () => {
      const scope = { areas: ['171400042'], units: [] };
      expect(await reader.get('b', scope)).toBeUndefined();
      expect([...(await reader.getMany(['a', 'b', 'd'], scope)).keys()]).toEqual(['a']);
      expect(await reader.count({ scope, by: [] })).toEqual([{ key: {}, count: 1, sums: {} }]);
    });
    it('is one condition however many areas there are', async () => {
      const areas = Array.from({ length: 2_000 }, (_, index) => `9${String(index).padStart(5, '0')}`);
      expect(await within({ areas: [...areas, '1714000'], units: [] })).toBe('ab');
    });
  });
};
