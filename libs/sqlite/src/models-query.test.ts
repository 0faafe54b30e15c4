import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { matchesSearch, searchTokens, type FieldFilter, type ModelDefinition, type ModelQuery, type QueryScope } from '@sanwang/read-model';
import { keptShops, shops, written, type Shop } from '@sanwang/read-model/sample';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModelFile, type ModelFile } from './models-file.ts';
import { sqlReader, type Limits } from './models-query.ts';

/** Each makes another way of answering the usual one. */
const ways: Readonly<Record<string, Limits>> = {
  'a rare set leads': { rare: [1_000], scanned: 1, common: [] },
  'the list is scanned in its order': { rare: [], scanned: 1_000, common: [] },
  'a common set leads after a scan in vain': { rare: [], scanned: 1, common: [1_000] },
  'the list is scanned to its end after one in vain': { rare: [], scanned: 1, common: [] },
};
const WORDS = ['面馆', '茶馆', '书店', '福满', '第7号', '第12号'];

const shopOf = (n: number): Shop => {
  const pick = <T>(values: readonly T[], salt: number): T => values[(n * 7919 + salt * 104_729) % values.length]!;
  return {
    id: `s${String(n).padStart(4, '0')}`,
    revision: 0,
    name: `${pick(WORDS, 1)}${pick(WORDS, 2)}`,
    visits: n % 5,
    recordedAt: '2026-01-01T00:00:00.000Z',
    ...(n % 3 && { unit: pick(['u1', 'u2', 'u3'], 3) }),
    ...(n % 11 && { area: pick(['1701', '1702', '1801', '18'], 4) }),
    ...(n % 2 && { rank: n % 7 === 0 ? null : pick([1, 2, 3, 4], 5) }),
    ...(n % 4 && { owner: pick(['o1', 'o2'], 6) }),
    keepers: n % 5 ? [pick(['k1', 'k2'], 7), pick(['k3', 'k1'], 8)] : [],
    urgent: n % 3 === 0,
  };
};
const documents = Array.from({ length: 400 }, (_, n) => shopOf(n));

const filter: fc.Arbitrary<FieldFilter> = fc.oneof(
  fc.constantFrom('u1', 'u2', 'none').map((eq) => ({ field: 'unit', eq })),
  fc.constantFrom<number | null>(1, 2, null).map((eq) => ({ field: 'rank', eq })),
  fc.constantFrom('17', '1801').map((prefix) => ({ field: 'area', prefix })),
  fc.integer({ min: 0, max: 4 }).map((gte) => ({ field: 'visits', gte })),
  fc.constantFrom('k1', 'k3').map((eq) => ({ field: 'keepers', eq })),
  fc.constant({ field: 'keepers', in: ['k2', 'k3'] }),
  fc.boolean().map((exists) => ({ field: 'area', exists })),
);
const scope: fc.Arbitrary<QueryScope> = fc.oneof(
  fc.constant('everything' as const),
  fc.record({
    areas: fc.subarray(['17', '1702', '1801', '99']),
    units: fc.subarray(['u1', 'u3']),
    owner: fc.constantFrom('o1', 'k1', 'nobody'),
  }),
  fc.constant({ areas: Array.from({ length: 12 }, (_, n) => `17${String(n).padStart(2, '0')}`), units: ['u2'] }),
);
const query = fc.record(
  {
    where: fc.array(filter, { maxLength: 2 }),
    scope,
    search: fc.constantFrom('福满', '面馆 第7号', '第12号', '馆', '没有'),
    orderBy: fc.record({
      field: fc.constantFrom('rank', 'visits', 'unit', 'name'),
      direction: fc.constantFrom('asc' as const, 'desc' as const),
    }),
    limit: fc.integer({ min: 1, max: 40 }),
  },
  { requiredKeys: ['scope', 'limit'] },
);

const passes = (shop: Shop, { field, ...test }: FieldFilter): boolean => {
  const value = (shop as unknown as Record<string, unknown>)[field] ?? null;
  if (Array.isArray(value)) return test.in ? test.in.some((one) => value.includes(one)) : value.includes(test.eq);
  if (test.eq !== undefined) return value === test.eq;
  if (test.exists !== undefined) return (value !== null) === test.exists;
  if (test.prefix !== undefined) return typeof value === 'string' && value.startsWith(test.prefix);
  return value !== null && (value as number) >= (test.gte as number);
};
const sees = (shop: Shop, within: QueryScope, owned: 'owner' | 'keepers'): boolean =>
  within === 'everything' ||
  within.areas.some((area) => shop.area?.startsWith(area)) ||
  (shop.unit !== undefined && within.units.includes(shop.unit)) ||
  (within.owner !== undefined && (owned === 'owner' ? shop.owner === within.owner : (shop.keepers ?? []).includes(within.owner)));
const lower = (one: unknown, other: unknown): number =>
  one === other ? 0 : one === null ? -1 : other === null ? 1 : (one as string) < (other as string) ? -1 : 1;

describe.each([
  ['owner', shops()],
  ['keepers', keptShops()],
] as const)('queries of what is owned by %s', (owned, model) => {
  const definition = model as unknown as ModelDefinition;
  const path = join(tmpdir(), `sanwang-queries-${process.pid}-${owned}.sqlite`);
  let file: ModelFile;
  beforeAll(async () => {
    file = openModelFile(path, 'v1', definition);
    await file.write({
      documents: documents.map((shop) => written(shop.id, 0, { ...shop }, searchTokens([shop.name]))),
      progress: [],
    });
    await file.complete();
  });
  afterAll(() => file.close());
  afterAll(() => rmSync(path, { force: true }));

  const expected = (asked: Omit<ModelQuery, 'limit'>): readonly Shop[] => {
    const { field = 'id', direction = 'asc' } = asked.orderBy ?? {};
    const valueOf = (shop: Shop): unknown => (shop as unknown as Record<string, unknown>)[field] ?? null;
    const sorted = documents
      .filter((shop) => sees(shop, asked.scope, owned) && (asked.where ?? []).every((one) => passes(shop, one)))
      .filter((shop) => !asked.search || matchesSearch([shop.name], asked.search))
      .toSorted((one, other) => lower(valueOf(one), valueOf(other)) || lower(one.id, other.id));
    return direction === 'asc' ? sorted : sorted.toReversed();
  };

  it.each(Object.entries(ways))('are answered page by page as by hand when %s', (_, limits) => {
    const reader = sqlReader(definition, file.rows, limits);
    fc.assert(
      fc.property(query, (asked) => {
        const found: unknown[] = [];
        let pageToken: string | undefined;
        do {
          const page = reader.query({ ...(asked as ModelQuery), ...(pageToken && { pageToken }) });
          found.push(...page.items.map(({ id }) => id));
          pageToken = page.nextPageToken;
        } while (pageToken);
        expect(found).toEqual(expected(asked as ModelQuery).map(({ id }) => id));
      }),
      { numRuns: 60 },
    );
  });

  it.each(Object.entries(ways))('are counted as by hand when %s', (_, limits) => {
    const reader = sqlReader(definition, file.rows, limits);
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 2 }), scope, (where, within) => {
        const counted = reader.count({ where, scope: within, by: ['unit'], sum: ['visits'] });
        const groups = Map.groupBy(expected({ where, scope: within }), ({ unit }) => unit ?? null);
        expect(new Map(counted.map(({ key, count, sums }) => [key['unit'], [count, sums['visits']]]))).toEqual(
          new Map([...groups].map(([unit, of]) => [unit, [of.length, of.reduce((sum, { visits }) => sum + visits, 0)]])),
        );
        const [whole] = reader.count({ where, scope: within, by: [] });
        expect(whole!.count).toBe(expected({ where, scope: within }).length);
      }),
      { numRuns: 40 },
    );
  });

  it('never sort or scan all documents for a list in order or in a jurisdiction', () => {
    const database = new DatabaseSync(path, { readOnly: true });
    const plans: string[] = [];
    const reader = sqlReader(
      definition,
      (sql, params) => {
        for (const { detail } of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params)) plans.push(String(detail));
        return file.rows(sql, params);
      },
      { rare: [10], scanned: 5, common: [1_000] },
    );
    const orderBy = { field: 'rank', direction: 'desc' } as const;
    for (const within of ['everything', { areas: ['1702'], units: ['u1'], owner: 'o1' }] as const) {
      reader.query({ scope: within, orderBy, limit: 10 });
      reader.count({ scope: within, by: ['unit'], where: [{ field: 'unit', eq: 'u1' }] });
    }
    expect(plans.filter((plan) => /^SCAN (d|documents)$/.test(plan))).toEqual([]);
    database.close();
  });
});
