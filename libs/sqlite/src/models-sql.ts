import {
  coveringAreas,
  declaredFields,
  prefixEnd,
  type Cursor,
  type FieldFilter,
  type ModelDefinition,
  type ModelQuery,
  type QueryScope,
  type Scalar,
} from '@sanwang/read-model';

export type Bound = string | number | null;
/** A condition, or a source of rows, with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly params: readonly Bound[];
}
export type Rows = (sql: string, params: readonly Bound[]) => Record<string, Bound>[];

export const column = (field: string): string => `"f_${field}"`;
export const bound = (value: Scalar): Bound => (typeof value === 'boolean' ? Number(value) : value);

export const all = (conditions: readonly Condition[]): Condition => ({
  sql: conditions.map(({ sql }) => sql).join(' AND ') || '1',
  params: conditions.flatMap(({ params }) => params),
});
const any = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0
    ? { sql: '0', params: [] }
    : { sql: `(${conditions.map(({ sql }) => sql).join(' OR ')})`, params: conditions.flatMap(({ params }) => params) };
/** Also where the condition is unknown, as of a field that is absent. */
export const not = ({ sql, params }: Condition): Condition => ({ sql: `(${sql}) IS NOT TRUE`, params });
export const oneOf = (name: string, values: readonly Scalar[]): Condition => ({
  sql: `${name} IN (SELECT value FROM json_each(?))`,
  params: [JSON.stringify(values)],
});
const startsWith = (name: string, prefix: string): Condition => ({
  sql: `(${name} >= ? AND ${name} < ?)`,
  params: [prefix, prefixEnd(prefix)],
});

export const isList = (definition: ModelDefinition, field: string): boolean =>
  declaredFields(definition).some(({ name, list }) => list && name === field);

/** The entries of one key in a list beside the documents: `n` of every document that has the token, or the value in its list. */
export interface Listing {
  readonly table: 'tokens' | 'lists';
  readonly key: Condition;
}
export const tokenListing = (token: string): Listing => ({ table: 'tokens', key: { sql: 'token = ?', params: [token] } });
export const valueListing = (field: string, value: Scalar): Listing => ({
  table: 'lists',
  key: { sql: 'field = ? AND value = ?', params: [field, bound(value)] },
});
export const listedIn = ({ table, key }: Listing, row: 'd' | 't' = 'd'): Condition => ({
  sql: `EXISTS (SELECT 1 FROM ${table} WHERE ${key.sql} AND n = ${row}.n)`,
  params: key.params,
});

/** What a filter asks of a document. */
export const conditionsOf = (definition: ModelDefinition, { field, ...filter }: FieldFilter): readonly Condition[] => {
  if (isList(definition, field)) {
    // What a list contains, `eq` with it, is a listing.
    if (!filter.in) return [];
    const { sql, params } = oneOf('value', filter.in);
    return [listedIn({ table: 'lists', key: { sql: `field = ? AND ${sql}`, params: [field, ...params] } })];
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

/** A few areas are ranges; more are one list, so that a statement's length and depth stay bounded. */
const inAreas = (name: string, areas: readonly string[]): Condition =>
  areas.length <= 8
    ? any(areas.map((area) => startsWith(name, area)))
    : {
        sql: `EXISTS (SELECT 1 FROM json_each(?) WHERE ${name} >= value AND ${name} < value || char(1114111))`,
        params: [JSON.stringify(areas)],
      };

/** The ways in which a document may be the caller's, as far as the model has fields for them; `undefined`: all are. */
export const reach = (
  { scope: fields, ...definition }: ModelDefinition,
  scope: QueryScope,
):
  | { readonly units?: Condition; readonly areas?: Condition; readonly prefixes: readonly string[]; readonly owner?: Listing | Condition }
  | undefined => {
  if (!fields || scope === 'everything') return undefined;
  const prefixes = fields.area ? coveringAreas(scope.areas) : [];
  const owns = fields.owner !== undefined && scope.owner !== undefined;
  return {
    prefixes,
    ...(fields.unit && scope.units.length > 0 && { units: oneOf(column(fields.unit), scope.units) }),
    ...(prefixes.length > 0 && { areas: inAreas(column(fields.area!), prefixes) }),
    ...(owns && {
      owner: isList({ scope: fields, ...definition }, fields.owner)
        ? valueListing(fields.owner, scope.owner)
        : { sql: `${column(fields.owner)} = ?`, params: [scope.owner] },
    }),
  };
};

/** What the caller may see, as a condition on a document. */
export const visible = (definition: ModelDefinition, scope: QueryScope): readonly Condition[] => {
  const within = reach(definition, scope);
  if (!within) return [];
  const { units, areas, owner } = within;
  return [any([areas, units, owner && 'table' in owner ? listedIn(owner) : owner].filter((condition) => condition !== undefined))];
};

type Order = NonNullable<ModelQuery['orderBy']>;

/**
 * A sorted list behind a cursor, in parts that follow one another; each is one range of an index that begins with the field.
 * `null` sorts lowest, as SQLite has it.
 */
export const behind = (order: Order | undefined, after: Cursor | undefined): readonly Condition[] => {
  if (!order) return [after ? { sql: 'd.id > ?', params: [after.id] } : all([])];
  const name = column(order.field);
  const nulls: Condition = { sql: `${name} IS NULL`, params: [] };
  const others: Condition = { sql: `${name} IS NOT NULL`, params: [] };
  const [sign, parts] = order.direction === 'asc' ? ['>', [nulls, others]] : ['<', [others, nulls]];
  if (!after) return parts;
  const value = bound(after.value);
  if (value !== null) {
    const rest: Condition = { sql: `(${name}, d.id) ${sign} (?, ?)`, params: [value, after.id] };
    return sign === '>' ? [rest] : [rest, nulls];
  }
  const rest: Condition = { sql: `${name} IS NULL AND d.id ${sign} ?`, params: [after.id] };
  return sign === '>' ? [rest, others] : [rest];
};

/** Up to a cursor and with it, within the part of the list that it lies in. */
export const upTo = ({ field, direction }: Order, { value, id }: Cursor): Condition => {
  const sign = direction === 'asc' ? '<=' : '>=';
  return value === null
    ? { sql: `d.id ${sign} ?`, params: [id] }
    : { sql: `(${column(field)}, d.id) ${sign} (?, ?)`, params: [bound(value), id] };
};
