import { declaredFields, indexedValue, listedValues, type Document, type ModelDefinition, type ModelWrite } from '@sanwang/read-model';
import type { IndexDescription } from 'mongodb';

/** A declared field's value as it is filtered and sorted by: truth as 0 and 1, which no order of texts and numbers then comes between. */
export type Indexed = string | number | null | readonly (string | number)[];

/** A model's document as it is stored; one that was removed keeps its revision and nothing else. */
export interface StoredDocument {
  readonly _id: string;
  readonly revision: number;
  readonly live?: true;
  /** The declared fields, all of them: absent ones are `null`, lists hold each value once. */
  readonly f?: Readonly<Record<string, Indexed>>;
  /** Every prefix of the area that places the document, where the model has one: many areas are then one look-up. */
  readonly within?: readonly string[];
  readonly tokens?: readonly string[];
  readonly subjects?: readonly string[];
  readonly doc?: Document;
}

const prefixes = (area: string): readonly string[] => {
  const characters = [...area];
  return characters.map((_, index) => characters.slice(0, index + 1).join(''));
};

/** How documents of a model are stored. */
export const documentsOf = (definition: ModelDefinition): ((write: ModelWrite['documents'][number]) => StoredDocument) => {
  const fields = declaredFields(definition);
  const { area } = definition.scope ?? {};
  return ({ id, revision, doc, tokens, subjects }) => {
    if (!doc) return { _id: id, revision };
    const f: Record<string, Indexed> = {};
    for (const { name, list } of fields) {
      const value = list ? listedValues(doc, name) : indexedValue(doc, name);
      f[name] = typeof value === 'boolean' ? Number(value) : value;
    }
    const place = area === undefined ? null : f[area];
    return {
      _id: id,
      revision,
      live: true,
      f,
      ...(typeof place === 'string' && { within: prefixes(place) }),
      ...(tokens.length > 0 && { tokens }),
      ...(subjects.length > 0 && { subjects }),
      doc,
    };
  };
};

/**
 * Declared fields, then the id that breaks ties, then the scope, so that a scan tests jurisdiction without reading the document.
 * An index holds one list at most; lists are found by indexes of their own, and so are owners and units.
 */
export const indexesOf = (definition: ModelDefinition): readonly IndexDescription[] => {
  const lists = new Set(declaredFields(definition).flatMap(({ name, list }) => (list ? [name] : [])));
  const { area, unit, owner } = definition.scope ?? {};
  const scope = [area, unit, owner].filter((field) => field !== undefined && !lists.has(field)) as string[];
  const found = new Map<string, IndexDescription>();
  const add = (name: string, fields: readonly string[]): void => {
    const places = new Set([...fields.map((field) => `f.${field}`), '_id', ...scope.map((field) => `f.${field}`)]);
    const key = new Map([...places].map((place): [string, 1] => [place, 1]));
    if (!found.has([...places].join())) found.set([...places].join(), { name, key });
  };
  for (const { name, fields } of definition.indexes) {
    const scalars = fields.filter((field) => !lists.has(field));
    if (fields[0] === scalars[0]) add(`i_${name}`, scalars);
  }
  const led = new Set(definition.indexes.map(({ fields }) => fields[0]));
  for (const field of [unit, owner]) if (field !== undefined && !lists.has(field) && !led.has(field)) add(`f_${field}`, [field]);
  for (const field of lists) add(`f_${field}`, [field]);
  return [
    ...found.values(),
    ...(area === undefined ? [] : [{ key: { within: 1 as const }, name: 'within' }]),
    ...(definition.opens?.length ? [{ key: { subjects: 1 as const }, name: 'subjects' }] : []),
    ...(definition.search ? [{ key: { tokens: 1 as const }, name: 'tokens' }] : []),
  ];
};
