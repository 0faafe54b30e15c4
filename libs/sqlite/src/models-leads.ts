import { declaredFields, type FieldFilter, type ModelDefinition, type QueryScope } from '@sanwang/read-model';
import {
  all,
  column,
  conditionsOf,
  isList,
  listedIn,
  not,
  reach,
  valueListing,
  type Condition,
  type Listing,
  type Rows,
} from './models-sql.ts';

/** Part of a lead: where its documents `d` come from, and the rows to count, which may be a few too many. */
interface Part {
  readonly from: Condition;
  readonly condition: Condition;
  readonly counted: Condition;
}
/**
 * A set of documents in which every one of an answer is, in parts that do not overlap. `weight` is what going through one
 * document costs, beside that of an index which holds all that conditions ask for.
 */
export interface Lead {
  readonly parts: readonly Part[];
  readonly weight: number;
  readonly listing?: Listing;
  /** It is all that the caller may see, and nothing else. */
  readonly within?: true;
}

/** Index of a scope field that holds all other scalar fields too: a query within a jurisdiction needs nothing else. */
export const scopeIndex = (field: string): string => `"s_${field}"`;
export const declaredIndex = (name: string): string => `"i_${name}"`;

const ROW = 4;
/** So many of the tokens are looked for where no token leads. */
const TESTED = 3;
/** So few are counted in any case. */
const LITTLE = 200;
const plain = (sql: string): Condition => ({ sql, params: [] });

const where = (from: Condition, condition: Condition): Condition => ({
  sql: `${from.sql} WHERE ${condition.sql}`,
  params: [...from.params, ...condition.params],
});
const indexPart = (from: Condition, condition: Condition): Part => ({ from, condition, counted: where(from, condition) });
const listingPart = ({ table, key }: Listing, ...others: readonly Condition[]): Part => ({
  from: plain(`${table} t CROSS JOIN documents d ON d.n = t.n`),
  condition: all([key, ...others]),
  counted: where(plain(table), key),
});
export const listingLead = (listing: Listing): Lead => ({ parts: [listingPart(listing)], weight: ROW, listing });

/** The ranges of the indexes whose first fields are filtered. */
const indexLeads = (definition: ModelDefinition, asked: readonly FieldFilter[]): readonly Lead[] => {
  const declared = definition.indexes.map(({ name, fields }) => ({ index: declaredIndex(name), fields, weight: ROW }));
  const covering = scopeFields(definition).map((field) => ({ index: scopeIndex(field), fields: [field], weight: 1 }));
  return [...declared, ...covering].flatMap(({ index, fields, weight }) => {
    const conditions: Condition[] = [];
    for (const field of fields) {
      const filters = asked.filter((filter) => filter.field === field);
      if (filters.length === 0 || isList(definition, field)) break;
      conditions.push(...filters.flatMap((filter) => conditionsOf(definition, filter)));
      if (filters.some(({ eq }) => eq === undefined)) break;
    }
    if (conditions.length === 0) return [];
    return [{ parts: [indexPart(plain(`documents d INDEXED BY ${index}`), all(conditions))], weight }];
  });
};

/** All that the caller may see. */
const scopeLeads = (definition: ModelDefinition, scope: QueryScope): readonly Lead[] => {
  const within = reach(definition, scope);
  if (!within) return [];
  const { units, areas, owner } = within;
  const { area, unit, owner: owned } = definition.scope!;
  const parts: Part[] = [];
  const by = (field: string): string => `documents d INDEXED BY ${scopeIndex(field)}`;
  const others = [units, areas].filter((condition) => condition !== undefined).map(not);
  if (units) parts.push(indexPart(plain(by(unit!)), units));
  if (areas) {
    const name = column(area!);
    const ranges: Condition = { sql: `${name} >= a.value AND ${name} < a.value || char(1114111)`, params: [] };
    const from = { sql: `json_each(?) a CROSS JOIN ${by(area!)}`, params: [JSON.stringify(within.prefixes)] };
    parts.push(indexPart(from, all([ranges, ...(units ? [not(units)] : [])])));
  }
  if (owner && 'table' in owner) {
    // What is his own is mostly in his unit as well: that is known without a look at each document.
    const before = parts.map(({ from, condition }) => where(from, condition));
    const elsewhere: Condition = {
      sql: `t.n NOT IN (${before.map(({ sql }) => `SELECT d.n FROM ${sql}`).join(' UNION ALL ')})`,
      params: before.flatMap(({ params }) => params),
    };
    parts.push(listingPart(owner, ...(before.length > 0 ? [elsewhere] : [])));
  } else if (owner) {
    parts.push(indexPart(plain(by(owned!)), all([owner, ...others])));
  }
  return [{ parts, weight: 1, within: true }];
};

/** Lists that every document of the answer is in. */
export const listingsOf = (definition: ModelDefinition, asked: readonly FieldFilter[]): readonly Listing[] =>
  asked.flatMap(({ field, eq }) => (eq !== undefined && isList(definition, field) ? [valueListing(field, eq)] : []));

export const leadsOf = (
  definition: ModelDefinition,
  asked: readonly FieldFilter[],
  scope: QueryScope,
  listings: readonly Listing[],
): readonly Lead[] => [...listings.map(listingLead), ...indexLeads(definition, asked), ...scopeLeads(definition, scope)];

export interface Sized {
  readonly lead: Lead;
  /** `Infinity` beyond the limit. */
  readonly size: number;
}
/** Counts the leads up to one limit after the other, until one is smaller: the cheapest first. None where all are larger. */
export const smallest = (rows: Rows, leads: readonly Lead[], limits: readonly number[]): readonly Sized[] => {
  const tokens = leads.filter(({ listing }) => listing?.table === 'tokens').length;
  const costOf = ({ lead, size }: Sized): number => size * (lead.weight + (lead.listing ? 0 : Math.min(tokens, TESTED)));
  for (const limit of limits) {
    let enough = limit;
    const sized = leads.map((lead): Sized => {
      let size = 0;
      for (const { counted } of lead.parts) {
        if (size >= enough) break;
        const sql = `SELECT count(*) AS size FROM (SELECT 1 FROM ${counted.sql} LIMIT +?)`;
        size += rows(sql, [...counted.params, enough - size])[0]!['size'] as number;
      }
      if (size >= enough) return { lead, size: Infinity };
      enough = Math.min(enough, Math.max(2 * size, LITTLE));
      return { lead, size };
    });
    if (sized.some(({ size }) => size < Infinity)) {
      return sized.toSorted((one, other) => (one.size === other.size ? 0 : costOf(one) - costOf(other)));
    }
  }
  return [];
};

/**
 * The lists that are worth a look at each document of the lead. A token that is commoner than a leading one is not: what has the
 * one mostly has the other, and the words are looked for in the end. Beside any other lead some tokens are.
 */
export const testsBeside = ([first, ...others]: readonly Sized[], listings: readonly Listing[]): readonly Condition[] => {
  const lead = first!.lead.listing;
  const tokens = others.flatMap(({ lead: { listing }, size }) => (listing?.table === 'tokens' ? [{ listing, size }] : []));
  const worth = lead ? tokens.filter(({ size }) => size < Infinity) : tokens.slice(0, TESTED);
  const values = listings.filter((listing) => listing.table === 'lists' && listing !== lead);
  return [...values, ...worth.map(({ listing }) => listing)].map((listing) => listedIn(listing, lead ? 't' : 'd'));
};
/** What every row of a scan is tested for. */
export const testsInScan = (listings: readonly Listing[]): readonly Condition[] => {
  const [tokens, values] = [listings.filter(({ table }) => table === 'tokens'), listings.filter(({ table }) => table === 'lists')];
  return [...values, ...tokens.slice(0, TESTED)].map((listing) => listedIn(listing));
};

/** The scope fields that have an index of their own. */
export const scopeFields = ({ scope, ...definition }: ModelDefinition): readonly string[] => {
  const fields = [scope?.area, scope?.unit, scope?.owner].filter((field) => field !== undefined);
  return [...new Set(fields)].filter((field) => !isList({ ...definition, scope: scope! }, field));
};
/** The fields of a covering index: the scope field, then all scalar ones. */
export const scopeColumns = (definition: ModelDefinition, field: string): readonly string[] => {
  const scalars = declaredFields(definition).flatMap(({ name, list }) => (list || name === field ? [] : [column(name)]));
  return [column(field), ...scalars, 'id'];
};
