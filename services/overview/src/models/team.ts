import type { IndexDeclaration, ModelReader, QueryScope, FieldFilter, Document, Scalar } from '@sanwang/read-model';
import { z } from 'zod';

/** A team has at most eight officers: one field for each place, as an index holds single values. */
const places = ['officer1', 'officer2', 'officer3', 'officer4', 'officer5', 'officer6', 'officer7', 'officer8'] as const;
export type Team = { readonly [Place in (typeof places)[number]]?: string | undefined };

const place = z.string().optional();
export const teamFields = {
  officer1: place,
  officer2: place,
  officer3: place,
  officer4: place,
  officer5: place,
  officer6: place,
  officer7: place,
  officer8: place,
};

/** The officers on their places, each once; the places behind the last are emptied. */
export const teamOf = (officers: readonly string[]): Team => {
  const members = [...new Set(officers)];
  return Object.fromEntries(places.map((name, index) => [name, members[index]]));
};

/** One index per place, each with what else is asked of an officer's documents. */
export const teamIndexes = (...fields: readonly string[]): readonly IndexDeclaration[] =>
  places.map((name) => ({ name, fields: [name, ...fields] }));

/** Counts an officer's documents by the value of one field, whatever the officer's place in the team. */
export const countOfOfficer = async <Doc extends Document>(
  reader: ModelReader<Doc>,
  officer: string,
  query: { readonly where?: readonly FieldFilter[]; readonly scope: QueryScope; readonly by: string },
): Promise<ReadonlyMap<Scalar, number>> => {
  const counts = new Map<Scalar, number>();
  for (const name of places) {
    const rows = await reader.count({ where: [{ field: name, eq: officer }, ...(query.where ?? [])], scope: query.scope, by: [query.by] });
    for (const { key, count } of rows) counts.set(key[query.by]!, (counts.get(key[query.by]!) ?? 0) + count);
  }
  return counts;
};
