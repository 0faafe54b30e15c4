import {
  checkFilters,
  checkGrouping,
  checkQuery,
  coveringAreas,
  declaredFields,
  gatherPage,
  prefixEnd,
  type Cursor,
  type Document,
  type FieldFilter,
  type ModelDefinition,
  type ModelPage,
  type ModelQuery,
  type ModelReader,
  type QueryScope,
  type Scalar,
} from '@sanwang/read-model';

export type Bound = string | number | null;
/** A condition with its parameters. */
interface Condition {
  readonly sql: string;
  readonly params: readonly Bound[];
}
export type Rows = (sql: string, params: readonly Bound[]) => Record<string, Bound>[];

export const column = (field: string): string => `"f_${field}"`;
export const bound = (value: Scalar): Bound => (typeof value === 'boolean' ? Number(value) : value);

const NOTHING: Condition = { sql: '0', params: [] };
const any = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0
    ? NOTHING
    : { sql: `(${conditions.map(({ sql }) => sql).join(' OR ')})`, params: conditions.flatMap(({ params }) => params) };
const oneOf = (name: string, values: readonly Scalar[]): Condition => ({
  sql: `${name} IN (SELECT value FROM json_each(?))`,
  params: [JSON.stringify(values)],
});
const startsWith = (name: string, prefix: string): Condition => ({
  sql: `(${name} >= ? AND ${name} < ?)`,
  params: [prefix, prefixEnd(prefix)],
});

/** The entries of one key in a list beside the documents: `n` of every document that has the token, or the value in its list. */
interface Listing {
  readonly table: 'tokens' | 'lists';
  readonly key: string;
  readonly params: readonly Bound[];
}
const tokenListing = (token: string): Listing => ({ table: 'tokens', key: 'token = ?', params: [token] });
const valueListing = (field: string, value: Scalar): Listing => ({
  table: 'lists',
  key: 'field = ? AND value = ?',
  params: [field, bound(value)],
});
const listedIn = ({ table, key, params }: Listing, row: 'd' | 't' = 'd'): Condition => ({
  sql: `EXISTS (SELECT 1 FROM ${table} WHERE ${key} AND n = ${row}.n)`,
  params,
});

const isList = (definition: ModelDefinition, field: string): boolean =>
  declaredFields(definition).some(({ name, list }) => list && name === field);

const conditionsOf = ({ field, ...filter }: FieldFilter, list: boolean): readonly Condition[] => {
  if (list) {
    // What a list contains, `eq` with it, is a listing.
    if (!filter.in) return [];
    return [listedIn({ table: 'lists', key: `field = ? AND ${oneOf('value', []).sql}`, params: [field, JSON.stringify(filter.in)] })];
  }
  const name = column(field);
  const found: Condition[] = [];
  const compare = (operator: string, value: Scalar | undefined): void => {
    if (value !== undefined) found.push({ sql: `${name} ${operator} ?`, params: [bound(value)] });
  };
  compare('IS', filter.eq);
  compare('>=', filter.gte);
  compare('>', filter.gt);
  compare('<=', filter.lte);
  compare('<', filter.lt);
  if (filter.in) found.push(any([oneOf(name, filter.in), ...(filter.in.includes(null) ? [{ sql: `${name} IS NULL`, params: [] }] : [])]));
  if (filter.prefix !== undefined) found.push(startsWith(name, filter.prefix));
  if (filter.exists !== undefined) found.push({ sql: `${name} IS ${filter.exists ? 'NOT NULL' : 'NULL'}`, params: [] });
  return found;
};

/** A few areas are ranges of an index; more are one list, so that a statement's length and depth stay bounded. */
const inAreas = (name: string, areas: readonly string[]): Condition =>
  areas.length <= 8
    ? any(areas.map((area) => startsWith(name, area)))
    : {
        sql: `EXISTS (SELECT 1 FROM json_each(?) WHERE ${name} >= value AND ${name} < value || char(1114111))`,
        params: [JSON.stringify(areas)],
      };

/**
 * What the caller may see, as a condition on the columns of the model's scope fields. It only filters what another index
 * brings in order: as a range of its own (the `+` forbids it) a city's areas would be everything, unsorted.
 */
const visible = (definition: ModelDefinition, scope: QueryScope): readonly Condition[] => {
  const fields = definition.scope;
  if (!fields || scope === 'everything') return [];
  const found: Condition[] = [];
  if (fields.area) found.push(inAreas(`+${column(fields.area)}`, coveringAreas(scope.areas)));
  if (fields.unit && scope.units.length > 0) found.push(oneOf(`+${column(fields.unit)}`, scope.units));
  if (fields.owner && scope.owner !== undefined) {
    found.push(
      isList(definition, fields.owner)
        ? listedIn(valueListing(fields.owner, scope.owner))
        : { sql: `+${column(fields.owner)} = ?`, params: [scope.owner] },
    );
  }
  return [any(found)];
};

/** The listings of which every document of the answer is an entry: who sees only what is his own is led by his own list. */
const listingsOf = (definition: ModelDefinition, where: readonly FieldFilter[], scope: QueryScope): readonly Listing[] => {
  const found = where.flatMap(({ field, eq }) => (eq !== undefined && isList(definition, field) ? [valueListing(field, eq)] : []));
  const owner = definition.scope?.owner;
  if (owner === undefined || scope === 'everything' || scope.owner === undefined || !isList(definition, owner)) return found;
  return scope.areas.length + scope.units.length === 0 ? [...found, valueListing(owner, scope.owner)] : found;
};

/** The parts of a sorted list behind a cursor; `null` sorts lowest, as SQLite has it. Each part is one range of an index. */
const behind = (order: ModelQuery['orderBy'], after: Cursor | undefined): readonly Condition[] => {
  if (!after) return [{ sql: '1', params: [] }];
  if (!order) return [{ sql: 'd.id > ?', params: [after.id] }];
  const name = column(order.field);
  const value = bound(after.value);
  const nulls: Condition = { sql: `${name} IS NULL`, params: [] };
  if (order.direction === 'asc') {
    return value === null
      ? [
          { sql: `${name} IS NULL AND d.id > ?`, params: [after.id] },
          { sql: `${name} IS NOT NULL`, params: [] },
        ]
      : [{ sql: `(${name}, d.id) > (?, ?)`, params: [value, after.id] }];
  }
  return value === null
    ? [{ sql: `${name} IS NULL AND d.id < ?`, params: [after.id] }]
    : [{ sql: `(${name}, d.id) < (?, ?)`, params: [value, after.id] }, nulls];
};

const all = (conditions: readonly Condition[]): Condition => ({
  sql: conditions.map(({ sql }) => sql).join(' AND ') || '1',
  params: conditions.flatMap(({ params }) => params),
});

/**
 * Tokens are counted up to one limit after the other, until one is rarer: that one leads the search. Where all are commoner than
 * the last, they are only tested while the list is scanned.
 */
const RARE = [200, 2_000] as const;
/** The listings by their length, counted up to a limit; the shortest first. */
const bySize = (rows: Rows, listings: readonly Listing[], limit: number): { readonly listing: Listing; readonly size: number }[] =>
  listings
    .map((listing) => ({
      listing,
      size: rows(`SELECT count(*) AS size FROM (SELECT 1 FROM ${listing.table} WHERE ${listing.key} LIMIT +?)`, [
        ...listing.params,
        limit,
      ])[0]!['size'] as number,
    }))
    .sort((left, right) => left.size - right.size);

/** The rarest listing leads; the others, rarest first, are tested on its own row, so that only documents which have all are looked up. */
const plan = (rows: Rows, listings: readonly Listing[]): { readonly from: string; readonly condition: Condition } => {
  if (listings.length === 0) return { from: 'documents d', condition: all([]) };
  let sizes: ReturnType<typeof bySize> = [];
  let leads = false;
  for (const limit of RARE) {
    sizes = bySize(rows, listings, limit);
    leads = sizes[0]!.size < limit;
    if (leads) break;
  }
  if (!leads) return { from: 'documents d', condition: all(sizes.map(({ listing }) => listedIn(listing, 'd'))) };
  const { table, key, params } = sizes[0]!.listing;
  return {
    from: `${table} t CROSS JOIN documents d ON d.n = t.n`,
    condition: all([{ sql: key, params }, ...sizes.slice(1).map(({ listing }) => listedIn(listing, 't'))]),
  };
};
const filtersOf = (definition: ModelDefinition, where: readonly FieldFilter[]): readonly Condition[] =>
  where.flatMap((filter) => conditionsOf(filter, isList(definition, filter.field)));

const readPage = (rows: Rows, definition: ModelDefinition, query: ModelQuery): Promise<ModelPage<Document>> => {
  const checked = checkQuery(definition, query);
  const { where, scope, search, orderBy } = checked;
  const { from: source, condition } = plan(rows, [...(search?.tokens ?? []).map(tokenListing), ...listingsOf(definition, where, scope)]);
  const filter = all([condition, ...filtersOf(definition, where), ...visible(definition, scope)]);
  const direction = orderBy?.direction ?? 'asc';
  const order = `${orderBy ? `${column(orderBy.field)} ${direction}, ` : ''}d.id ${direction}`;
  const value = orderBy ? column(orderBy.field) : 'NULL';

  const fetch = (from: Cursor | undefined, count: number): Record<string, Bound>[] => {
    const found: Record<string, Bound>[] = [];
    for (const part of behind(orderBy, from)) {
      if (found.length >= count) break;
      const sql = `SELECT d.id, d.doc, ${value} AS sorted FROM ${source} WHERE ${filter.sql} AND ${part.sql} ORDER BY ${order} LIMIT +?`;
      found.push(...rows(sql, [...filter.params, ...part.params, count - found.length]));
    }
    return found;
  };

  return gatherPage(definition, checked, async (after, count) =>
    fetch(after, count).map((row) => ({
      doc: JSON.parse(row['doc'] as string) as Document,
      cursor: { value: row['sorted'] ?? null, id: row['id'] as string },
    })),
  );
};

type CountOptions = Parameters<ModelReader['count']>[0];

const countGroups = (rows: Rows, definition: ModelDefinition, options: CountOptions): Awaited<ReturnType<ModelReader['count']>> => {
  const { by, scope, sum = [] } = options;
  checkGrouping(definition, by, sum);
  const fields = new Map(declaredFields(definition).map((field) => [field.name, field]));
  const where = checkFilters(definition, options.where);
  const { from, condition } = plan(rows, listingsOf(definition, where, scope));
  const filter = all([condition, ...filtersOf(definition, where), ...visible(definition, scope)]);
  const groups = by.map(column).join(', ');
  const summed = sum.map((field, index) => `total(${fields.has(field) ? column(field) : `doc ->> '$.${field}'`}) AS s${index}`);
  const selected = [...by.map((field, index) => `${column(field)} AS g${index}`), 'count(*) AS size', ...summed].join(', ');
  const grouping = by.length > 0 ? `GROUP BY ${groups} ORDER BY ${groups}` : '';
  return rows(`SELECT ${selected} FROM ${from} WHERE ${filter.sql} ${grouping}`, filter.params).map((row) => ({
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
export const sqlReader = (definition: ModelDefinition, rows: Rows) => ({
  getMany(ids: readonly string[], scope: QueryScope): ReadonlyMap<string, Document> {
    const filter = all(visible(definition, scope));
    const found = rows(`SELECT id, doc FROM documents d WHERE id IN (SELECT value FROM json_each(?)) AND ${filter.sql}`, [
      JSON.stringify(ids),
      ...filter.params,
    ]);
    return new Map(found.map((row) => [row['id'] as string, JSON.parse(row['doc'] as string) as Document]));
  },
  query: async (query: ModelQuery): Promise<ModelPage<Document>> => readPage(rows, definition, query),
  count: (options: CountOptions) => countGroups(rows, definition, options),
});
