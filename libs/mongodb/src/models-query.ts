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
import type { Collection, Filter } from 'mongodb';
import { MAX_TIME_MS } from './database.ts';
import type { StoredDocument } from './models-document.ts';

export type Documents = Collection<StoredDocument>;
type Condition = Filter<StoredDocument>;
type Value = string | number | null;

const bound = (value: Scalar): Value => (typeof value === 'boolean' ? Number(value) : value);
const NOTHING: Condition = { _id: { $in: [] } };
const LIVE: Condition = { live: true };
const all = (conditions: readonly Condition[]): Condition => ({ $and: [LIVE, ...conditions] });
const any = (conditions: readonly Condition[]): Condition => (conditions.length === 0 ? NOTHING : { $or: [...conditions] });
const on = (field: string, condition: unknown): Condition => ({ [`f.${field}`]: condition }) as Condition;

/** Numbers come before texts, and `null` before both but into no range: MongoDB alone would compare within one type only. */
const beyond = (field: string, operator: '$gt' | '$gte', value: Value): Condition => {
  if (value === null) return NOTHING;
  if (typeof value === 'string') return on(field, { [operator]: value });
  return on(field, { $not: { [operator === '$gt' ? '$lte' : '$lt']: value }, $ne: null });
};
const short = (field: string, operator: '$lt' | '$lte', value: Value): Condition => {
  if (value === null) return NOTHING;
  if (typeof value === 'number') return on(field, { [operator]: value });
  return on(field, { $not: { [operator === '$lt' ? '$gte' : '$gt']: value }, $ne: null });
};
const startsWith = (field: string, prefix: string): Condition => on(field, { $gte: prefix, $lt: prefixEnd(prefix) });

const isList = (definition: ModelDefinition, field: string): boolean =>
  declaredFields(definition).some(({ name, list }) => list && name === field);

const conditionsOf = (definition: ModelDefinition, { field, ...filter }: FieldFilter): readonly Condition[] => {
  const list = isList(definition, field);
  const found: Condition[] = [];
  if (filter.eq !== undefined) found.push(list && filter.eq === null ? NOTHING : on(field, bound(filter.eq)));
  if (filter.in) found.push(on(field, { $in: filter.in.filter((value) => !list || value !== null).map(bound) }));
  if (filter.gte !== undefined) found.push(beyond(field, '$gte', bound(filter.gte)));
  if (filter.gt !== undefined) found.push(beyond(field, '$gt', bound(filter.gt)));
  if (filter.lte !== undefined) found.push(short(field, '$lte', bound(filter.lte)));
  if (filter.lt !== undefined) found.push(short(field, '$lt', bound(filter.lt)));
  if (filter.prefix !== undefined) found.push(startsWith(field, filter.prefix));
  if (filter.exists !== undefined) found.push(on(field, filter.exists ? { $ne: null } : null));
  return found;
};
const filtersOf = (definition: ModelDefinition, where: readonly FieldFilter[]): readonly Condition[] =>
  where.flatMap((filter) => conditionsOf(definition, filter));

/** A few areas are tested in the index that brings the documents in order; more are one list of what contains the document. */
const FEW_AREAS = 8;

const visible = (definition: ModelDefinition, scope: QueryScope): readonly Condition[] => {
  const fields = definition.scope;
  if (!fields || scope === 'everything') return [];
  const found: Condition[] = [];
  if (fields.area) {
    const areas = coveringAreas(scope.areas);
    if (areas.length > FEW_AREAS) found.push({ within: { $in: [...areas] } });
    else found.push(...areas.map((area) => startsWith(fields.area!, area)));
  }
  if (fields.unit && scope.units.length > 0) found.push(on(fields.unit, { $in: [...scope.units] }));
  if (fields.owner && scope.owner !== undefined) found.push(on(fields.owner, scope.owner));
  return [any(found)];
};

/** What lies behind a cursor in the order of a field and then the id. */
const behind = (order: ModelQuery['orderBy'], after: Cursor | undefined): readonly Condition[] => {
  if (!after) return [];
  if (!order) return [{ _id: { $gt: after.id } }];
  const { field, direction } = order;
  const value = bound(after.value);
  const ties: Condition = { $and: [on(field, value), { _id: direction === 'asc' ? { $gt: after.id } : { $lt: after.id } }] };
  if (direction === 'asc') return [any([ties, value === null ? on(field, { $ne: null }) : beyond(field, '$gt', value)])];
  return [value === null ? ties : any([ties, short(field, '$lt', value), on(field, null)])];
};

/**
 * Tokens are counted up to one limit after the other, until one is rarer: it leads the search, which goes through the entries of
 * one token and tests the others.
 */
const RARE = [200, 2_000] as const;

const rarestFirst = async (documents: Documents, tokens: readonly string[]): Promise<readonly string[]> => {
  if (tokens.length < 2) return tokens;
  let sizes: { readonly token: string; readonly size: number }[] = [];
  for (const limit of RARE) {
    sizes = await Promise.all(
      tokens.map(async (token) => ({ token, size: await documents.countDocuments({ tokens: token }, { limit, maxTimeMS: MAX_TIME_MS }) })),
    );
    sizes.sort((left, right) => left.size - right.size);
    if (sizes[0]!.size < limit) break;
  }
  return sizes.map(({ token }) => token);
};

const readPage = async (documents: Documents, definition: ModelDefinition, query: ModelQuery): Promise<ModelPage<Document>> => {
  const checked = checkQuery(definition, query);
  const { where, scope, search, orderBy } = checked;
  const tokens = search ? await rarestFirst(documents, search.tokens) : [];
  const filter = [
    ...(tokens.length > 0 ? [{ tokens: { $all: [...tokens] } }] : []),
    ...filtersOf(definition, where),
    ...visible(definition, scope),
  ];
  const direction = orderBy?.direction === 'desc' ? -1 : 1;
  const sort = new Map<string, 1 | -1>([...(orderBy ? [[`f.${orderBy.field}`, direction] as const] : []), ['_id', direction]]);

  return gatherPage(definition, checked, async (after, count) => {
    const cursor = documents.find(all([...filter, ...behind(orderBy, after)]), {
      sort,
      limit: count,
      projection: { doc: 1, ...(orderBy && { [`f.${orderBy.field}`]: 1 }) },
      maxTimeMS: MAX_TIME_MS,
    });
    return (await cursor.toArray()).map(({ _id, f, doc }) => ({
      doc: doc!,
      cursor: { id: _id, value: orderBy ? (f?.[orderBy.field] as Value) : null },
    }));
  });
};

type Counts = Awaited<ReturnType<ModelReader['count']>>;

const countGroups = async (
  documents: Documents,
  definition: ModelDefinition,
  options: Parameters<ModelReader['count']>[0],
): Promise<Counts> => {
  const { by, scope, sum = [] } = options;
  checkGrouping(definition, by, sum);
  const fields = new Map(declaredFields(definition).map((field) => [field.name, field]));
  const where = checkFilters(definition, options.where);
  const keys = by.map((field, index) => [`g${index}`, `$f.${field}`] as const);
  const groups = await documents
    .aggregate<Record<string, number> & { readonly _id: Readonly<Record<string, Value>> | null; readonly size: number }>(
      [
        { $match: all([...filtersOf(definition, where), ...visible(definition, scope)]) },
        {
          $group: {
            _id: keys.length > 0 ? Object.fromEntries(keys) : null,
            size: { $sum: 1 },
            ...Object.fromEntries(sum.map((field, index) => [`s${index}`, { $sum: fields.has(field) ? `$f.${field}` : `$doc.${field}` }])),
          },
        },
        ...(keys.length > 0 ? [{ $sort: new Map(keys.map(([key]) => [`_id.${key}`, 1])) }] : []),
      ],
      { maxTimeMS: MAX_TIME_MS },
    )
    .toArray();
  if (groups.length === 0 && by.length === 0) return [{ key: {}, count: 0, sums: Object.fromEntries(sum.map((field) => [field, 0])) }];
  return groups.map((group) => ({
    key: Object.fromEntries(
      by.map((field, index): [string, Scalar] => {
        const value = group._id?.[`g${index}`] ?? null;
        return [field, fields.get(field)!.boolean && value !== null ? Boolean(value) : value];
      }),
    ),
    count: group.size,
    sums: Object.fromEntries(sum.map((field, index): [string, number] => [field, group[`s${index}`]!])),
  }));
};

/** The reads of one model in a generation's collection. */
export const readsOf = (definition: ModelDefinition, documents: Documents) => ({
  async getMany(ids: readonly string[], scope: QueryScope): Promise<ReadonlyMap<string, Document>> {
    const cursor = documents.find(all([{ _id: { $in: [...ids] } }, ...visible(definition, scope)]), {
      projection: { doc: 1 },
      maxTimeMS: MAX_TIME_MS,
    });
    return new Map((await cursor.toArray()).map(({ _id, doc }) => [_id, doc!]));
  },
  query: (query: ModelQuery): Promise<ModelPage<Document>> => readPage(documents, definition, query),
  count: (options: Parameters<ModelReader['count']>[0]): Promise<Counts> => countGroups(documents, definition, options),
});
