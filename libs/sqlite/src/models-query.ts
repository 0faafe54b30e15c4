import {
  checkFilters,
  checkGrouping,
  checkQuery,
  declaredFields,
  matchesSearch,
  type Cursor,
  type Document,
  type ModelDefinition,
  type ModelPage,
  type ModelQuery,
  type ModelReader,
  type QueryScope,
  type Scalar,
} from '@sanwang/read-model';
import { declaredIndex, leadsOf, listingsOf, smallest, testsBeside, testsInScan, type Sized } from './models-leads.ts';
import { all, behind, column, conditionsOf, tokenListing, upTo, visible, type Bound, type Rows } from './models-sql.ts';

/** Where one way of answering gives way to another; others only in tests. */
export interface Limits {
  /** A set smaller than this leads: it is gone through and sorted. */
  readonly rare: readonly number[];
  /** Where there is none, the list is scanned in its order for so many entries per document that is wanted. */
  readonly scanned: number;
  /** When that was in vain, a set leads that is smaller than this, or else the list is scanned to its end. */
  readonly common: readonly number[];
}
const LIMITS: Limits = { rare: [200, 2_000], scanned: 100, common: [8_000, 25_000, 200_000] };

/** Candidates of a search are read in so many rounds at most; then the page is shorter and still has a next one. */
const ROUNDS = 8;
/** Each round of a search reads so many times more than the one before: what has the tokens but not the words is rarely alone. */
const GROWTH = 4;
const MOST_GROWTH = 64;

type Found = readonly Record<string, Bound>[];

/** The rows of a checked query behind a cursor, in its order. */
const fetcher = (rows: Rows, definition: ModelDefinition, query: ReturnType<typeof checkQuery>, limits: Limits) => {
  const { where, scope, search, orderBy } = query;
  const direction = orderBy?.direction ?? 'asc';
  const value = orderBy ? column(orderBy.field) : 'NULL';
  const listings = [...(search?.tokens ?? []).map(tokenListing), ...listingsOf(definition, where)];
  const leads = leadsOf(definition, where, scope, listings);
  const filters = where.flatMap((filter) => conditionsOf(definition, filter));
  const seen = visible(definition, scope);
  // Of one field alone the index is in the order of the list also where many have the same value.
  const sorting = definition.indexes
    .filter(({ fields }) => fields[0] === orderBy?.field)
    .toSorted((one, other) => one.fields.length - other.fields.length)[0];

  /** Documents are read only of what is on the page. */
  const led = (sized: readonly Sized[], from: Cursor | undefined, count: number): Found => {
    const rest = behind(orderBy, from);
    const conditions = [
      ...testsBeside(sized, listings),
      ...filters,
      ...(sized[0]!.lead.within ? [] : seen),
      ...(from ? [{ sql: `(${rest.map(({ sql }) => sql).join(' OR ')})`, params: rest.flatMap(({ params }) => params) }] : []),
    ];
    const parts = sized[0]!.lead.parts.map((part) => {
      const condition = all([part.condition, ...conditions]);
      return {
        sql: `SELECT d.n AS n, d.id AS id, ${value} AS sorted FROM ${part.from.sql} WHERE ${condition.sql}`,
        params: [...part.from.params, ...condition.params],
      };
    });
    if (parts.length === 0) return [];
    const order = (of: string): string => `${orderBy ? `${of}sorted ${direction}, ` : ''}${of}id ${direction}`;
    const sql = `SELECT k.id, documents.doc, k.sorted
      FROM (SELECT n, id, sorted FROM (${parts.map((part) => part.sql).join(' UNION ALL ')}) ORDER BY ${order('')} LIMIT +?) k
      CROSS JOIN documents ON documents.n = k.n ORDER BY ${order('k.')}`;
    return rows(sql, [...parts.flatMap(({ params }) => params), count]);
  };

  /** `undefined`: the page is not full after `most` entries. */
  const scanned = (from: Cursor | undefined, count: number, most?: number): Found | undefined => {
    const source = sorting ? `documents d INDEXED BY ${declaredIndex(sorting.name)}` : 'documents d';
    const order = `${orderBy ? `${value} ${direction}, ` : ''}d.id ${direction}`;
    const found: Record<string, Bound>[] = [];
    const tests = testsInScan(listings);
    for (const part of behind(orderBy, from)) {
      if (found.length >= count) break;
      const sqlEnd = `SELECT ${value} AS sorted, d.id AS id FROM ${source} WHERE ${part.sql} ORDER BY ${order} LIMIT 1 OFFSET +?`;
      const end = most === undefined || !orderBy ? undefined : rows(sqlEnd, [...part.params, most])[0];
      const until = end ? [upTo(orderBy!, { value: end['sorted'] ?? null, id: end['id'] as string })] : [];
      const { sql, params } = all([part, ...until, ...filters, ...seen, ...tests]);
      const statement = `SELECT d.id, d.doc, ${value} AS sorted FROM ${source} WHERE ${sql} ORDER BY ${order} LIMIT +?`;
      found.push(...rows(statement, [...params, count - found.length]));
      if (end && found.length < count) return undefined;
    }
    return found;
  };

  // A search looks for the rarest token first, however common: what a scan finds may have the tokens that it is tested for, and not the words.
  let sized = smallest(rows, leads, search ? [...limits.rare, ...limits.common.slice(0, 2)] : limits.rare);
  return (from: Cursor | undefined, count: number): Found => {
    if (sized.length > 0) return led(sized, from, count);
    if (leads.length === 0) return scanned(from, count)!;
    const found = sorting ? scanned(from, count, count * limits.scanned) : undefined;
    if (found) return found;
    sized = smallest(rows, leads, limits.common);
    return sized.length > 0 ? led(sized, from, count) : scanned(from, count)!;
  };
};

const readPage = (rows: Rows, definition: ModelDefinition, query: ModelQuery, limits: Limits): ModelPage<Document> => {
  const checked = checkQuery(definition, query);
  const { search, limit, after, tokenAfter } = checked;
  const fetch = fetcher(rows, definition, checked, limits);
  const items: { readonly doc: Document; readonly cursor: Cursor }[] = [];
  let cursor = after;
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = (limit + 1 - items.length) * (search ? Math.min(GROWTH ** round, MOST_GROWTH) : 1);
    const found = fetch(cursor, wanted);
    for (const row of found) {
      cursor = { value: row['sorted'] ?? null, id: row['id'] as string };
      const doc = JSON.parse(row['doc'] as string) as Document;
      if (!search || matchesSearch(definition.search!(doc), search.text)) items.push({ doc, cursor });
    }
    if (items.length > limit) {
      return { items: items.slice(0, limit).map(({ doc }) => doc), nextPageToken: tokenAfter(items[limit - 1]!.cursor) };
    }
    if (found.length < wanted) return { items: items.map(({ doc }) => doc) };
  }
  return { items: items.map(({ doc }) => doc), nextPageToken: tokenAfter(cursor!) };
};

type CountOptions = Parameters<ModelReader['count']>[0];

const countGroups = (
  rows: Rows,
  definition: ModelDefinition,
  options: CountOptions,
  limits: Limits,
): Awaited<ReturnType<ModelReader['count']>> => {
  const { by, scope, sum = [] } = options;
  checkGrouping(definition, by, sum);
  const fields = new Map(declaredFields(definition).map((field) => [field.name, field]));
  const where = checkFilters(definition, options.where);
  const listings = listingsOf(definition, where);
  const leads = leadsOf(definition, where, scope, listings);
  const rare = smallest(rows, leads, limits.rare);
  // All that the caller may see is gone through in an index that needs no documents, however much it is.
  const sized = rare.length > 0 ? rare : leads.filter(({ within }) => within).map((lead) => ({ lead, size: Infinity }));
  const conditions = [
    ...where.flatMap((filter) => conditionsOf(definition, filter)),
    ...(sized[0]?.lead.within ? [] : visible(definition, scope)),
  ];
  const tests = sized.length > 0 ? testsBeside(sized, listings) : testsInScan(listings);
  const values = [
    ...by.map((field, index) => `${column(field)} AS g${index}`),
    ...sum.map((field, index) => `${fields.has(field) ? column(field) : `doc ->> '$.${field}'`} AS s${index}`),
  ].join(', ');
  const whole = { from: { sql: 'documents d', params: [] }, condition: all([]) };
  const parts = (sized[0]?.lead.parts ?? [whole]).map(({ from, condition }) => {
    const { sql, params } = all([condition, ...conditions, ...tests]);
    return { sql: `SELECT ${values || '1'} FROM ${from.sql} WHERE ${sql}`, params: [...from.params, ...params] };
  });
  if (parts.length === 0) return by.length > 0 ? [] : [{ key: {}, count: 0, sums: Object.fromEntries(sum.map((field) => [field, 0])) }];
  const groups = by.map((_field, index) => `g${index}`).join(', ');
  const selected = [...(groups ? [groups] : []), 'count(*) AS size', ...sum.map((_field, index) => `total(s${index}) AS s${index}`)];
  const grouping = groups ? `GROUP BY ${groups} ORDER BY ${groups}` : '';
  const sql = `SELECT ${selected.join(', ')} FROM (${parts.map((part) => part.sql).join(' UNION ALL ')}) ${grouping}`;
  return rows(
    sql,
    parts.flatMap(({ params }) => params),
  ).map((row) => ({
    key: Object.fromEntries(
      by.map((field, index): [string, Scalar] => {
        const value = row[`g${index}`] ?? null;
        return [field, fields.get(field)!.boolean && value !== null ? Boolean(value) : value];
      }),
    ),
    count: row['size'] as number,
    sums: Object.fromEntries(sum.map((field, index): [string, number] => [field, row[`s${index}`] as number])),
  }));
};

/** The reads of one model over whatever file `rows` reads from. */
export const sqlReader = (definition: ModelDefinition, rows: Rows, limits: Limits = LIMITS) => ({
  getMany(ids: readonly string[], scope: QueryScope): ReadonlyMap<string, Document> {
    const filter = all(visible(definition, scope));
    const found = rows(`SELECT id, doc FROM documents d WHERE id IN (SELECT value FROM json_each(?)) AND ${filter.sql}`, [
      JSON.stringify(ids),
      ...filter.params,
    ]);
    return new Map(found.map((row) => [row['id'] as string, JSON.parse(row['doc'] as string) as Document]));
  },
  query: (query: ModelQuery): ModelPage<Document> => readPage(rows, definition, query, limits),
  count: (options: CountOptions) => countGroups(rows, definition, options, limits),
});
