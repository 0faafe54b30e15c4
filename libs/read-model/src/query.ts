import { createHash } from 'node:crypto';
import { canonicalJson, invalid } from '@sanwang/kernel';
import { declaredFields, type DeclaredField } from './fields.ts';
import { matchesSearch, queryTokens } from './search.ts';
import type { Document, FieldFilter, ModelDefinition, ModelPage, ModelQuery, QueryScope, Scalar } from './port.ts';

/** The most documents of one page. */
export const MAX_PAGE = 1_000;

/** Where a page begins: behind the document with this id, and this value in the field that sorts. */
export interface Cursor {
  readonly value: Scalar;
  readonly id: string;
}
/** A query that fits its model: only declared fields, a sane limit, a page token of its own. */
export interface CheckedQuery {
  readonly where: readonly FieldFilter[];
  readonly scope: QueryScope;
  readonly search?: { readonly text: string; readonly tokens: readonly string[] };
  readonly orderBy?: NonNullable<ModelQuery['orderBy']>;
  readonly limit: number;
  readonly after?: Cursor;
  /** The token of the page behind a document. */
  tokenAfter(cursor: Cursor): string;
}

const known = (definition: ModelDefinition, field: string, reason: string, as: string): DeclaredField => {
  const fields = declaredFields(definition);
  const found = fields.find(({ name }) => name === field);
  if (!found) throw invalid(reason, as, `one of ${fields.map(({ name }) => name).join(', ')}; ${field} is not indexed`);
  return found;
};
const knownScalar = (definition: ModelDefinition, field: string, reason: string, as: string): void => {
  if (known(definition, field, reason, as).list) throw invalid(reason, as, `a field with one value; ${field} is a list`);
};

/** Refuses a filter on a field that the model does not declare, or one that a list cannot answer (`invalid-argument/unknown-filter`). */
export const checkFilters = (definition: ModelDefinition, where: readonly FieldFilter[] = []): readonly FieldFilter[] => {
  for (const { field, eq: _eq, in: _in, ...others } of where) {
    const { list } = known(definition, field, 'unknown-filter', field);
    if (list && Object.values(others).some((value) => value !== undefined)) {
      throw invalid('unknown-filter', field, `eq or in: ${field} is a list`);
    }
  }
  return where;
};

/** Refuses grouping by a field that the model does not declare, and names that are no field's. */
export const checkGrouping = (definition: ModelDefinition, by: readonly string[], sum: readonly string[] = []): void => {
  for (const field of by) knownScalar(definition, field, 'unknown-filter', field);
  for (const field of sum) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(field)) throw invalid('unknown-filter', field, 'the name of a top-level field');
  }
};

const readCursor = (token: string, signature: string): Cursor => {
  const refused = invalid('page-token', 'pageToken', 'the nextPageToken of the page before, with the same filters, order and search');
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw refused;
  }
  if (!Array.isArray(parts) || parts.length !== 3) throw refused;
  const [bound, value, id] = parts as unknown[];
  if (bound !== signature || typeof id !== 'string' || (typeof value === 'object' && value !== null)) throw refused;
  return { value: value as Scalar, id };
};

/** Checks a query against its model. The page token is bound to filters, order and search; the scope may change between pages. */
export const checkQuery = (definition: ModelDefinition, query: ModelQuery): CheckedQuery => {
  const where = checkFilters(definition, query.where);
  const { orderBy, limit, scope } = query;
  if (orderBy) knownScalar(definition, orderBy.field, 'unknown-order', 'orderBy');
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) throw invalid('page-size', 'pageSize', `an integer from 1 to ${MAX_PAGE}`);
  const text = query.search?.trim() ?? '';
  if (text && !definition.search) throw invalid('unknown-filter', 'q', 'nothing: this list has no free-text search');
  const tokens = queryTokens(text);
  if (text && tokens.length === 0) throw invalid('search-empty', 'q', 'at least one letter or digit');
  const bound = canonicalJson([definition.context, definition.name, where, orderBy, text]);
  const signature = createHash('sha256').update(bound).digest('base64url').slice(0, 12);
  return {
    where,
    scope,
    limit,
    ...(tokens.length > 0 ? { search: { text, tokens } } : {}),
    ...(orderBy ? { orderBy } : {}),
    ...(query.pageToken ? { after: readCursor(query.pageToken, signature) } : {}),
    tokenAfter: ({ value, id }) => Buffer.from(JSON.stringify([signature, value, id])).toString('base64url'),
  };
};

/** Candidates of a search are read in so many rounds at most; then the page is shorter and still has a next one. */
const ROUNDS = 8;
/** Each round of a search reads so many times more than the one before: what has the tokens but not the words is rarely alone. */
const GROWTH = 4;
const MOST_GROWTH = 64;

/** One document of a sorted list, and where the list goes on behind it. */
export interface Candidate {
  readonly doc: Document;
  readonly cursor: Cursor;
}

/** Puts one page together from what a store finds behind a cursor, in order: of a search's candidates only those that match. */
export const gatherPage = async (
  definition: ModelDefinition,
  { limit, search, after, tokenAfter }: CheckedQuery,
  fetch: (after: Cursor | undefined, count: number) => Promise<readonly Candidate[]>,
): Promise<ModelPage<Document>> => {
  const items: Candidate[] = [];
  let cursor = after;
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = (limit + 1 - items.length) * (search ? Math.min(GROWTH ** round, MOST_GROWTH) : 1);
    const found = await fetch(cursor, wanted);
    for (const candidate of found) {
      cursor = candidate.cursor;
      if (!search || matchesSearch(definition.search!(candidate.doc), search.text)) items.push(candidate);
    }
    if (items.length > limit) {
      return { items: items.slice(0, limit).map(({ doc }) => doc), nextPageToken: tokenAfter(items[limit - 1]!.cursor) };
    }
    if (found.length < wanted) return { items: items.map(({ doc }) => doc) };
  }
  return { items: items.map(({ doc }) => doc), nextPageToken: tokenAfter(cursor!) };
};

/** The end of the range of texts that begin with a prefix, in the order of UTF-8 bytes. */
export const prefixEnd = (prefix: string): string => `${prefix}\u{10FFFF}`;

/** The area prefixes without those that a shorter one covers. */
export const coveringAreas = (areas: readonly string[]): readonly string[] => {
  const sorted = [...new Set(areas)].sort();
  return sorted.filter((area, index) => !sorted.slice(0, index).some((shorter) => area.startsWith(shorter)));
};
