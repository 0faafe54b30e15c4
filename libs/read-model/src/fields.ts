import { canonicalJson, sha256 } from '@sanwang/kernel';
import { z } from 'zod';
import type { Document, ModelDefinition } from './port.ts';
import { SEARCH_SCHEME } from './search.ts';

/**
 * A field that queries may filter, sort and group by. SQLite has no booleans, so a store must know which ones are. A `list`
 * holds texts or numbers and is only ever filtered by what it contains.
 */
export interface DeclaredField {
  readonly name: string;
  readonly boolean: boolean;
  readonly list: boolean;
}

const objects = (schema: z.ZodType): readonly z.ZodObject[] => {
  if (schema instanceof z.ZodObject) return [schema];
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objects(option as z.ZodType));
  if (schema instanceof z.ZodReadonly) return objects(schema.unwrap() as z.ZodType);
  return [];
};

const withoutWrappers = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault || schema instanceof z.ZodReadonly
    ? withoutWrappers(schema.unwrap())
    : schema;

const isBoolean = (schema: unknown): boolean => {
  if (schema instanceof z.ZodLiteral) return [...schema.values].every((value) => typeof value === 'boolean');
  return schema instanceof z.ZodBoolean;
};

/** The declared fields of a model: those of its indexes and of its scope. Throws when one is not a plain top-level name. */
export const declaredFields = (definition: Pick<ModelDefinition, 'indexes' | 'scope' | 'schema'>): readonly DeclaredField[] => {
  const { area, unit, owner } = definition.scope ?? {};
  const names = new Set([
    ...definition.indexes.flatMap((index) => index.fields),
    ...[area, unit, owner].filter((name) => name !== undefined),
  ]);
  const shapes = objects(definition.schema);
  return [...names].map((name) => {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw new Error(`an index field must be a top-level field: ${name}`);
    const schemas = shapes.map((shape) => withoutWrappers(shape.shape[name]));
    return { name, boolean: schemas.some(isBoolean), list: schemas.some((schema) => schema instanceof z.ZodArray) };
  });
};

/** The texts and numbers of a declared list field, each once; none where it is absent. */
export const listedValues = (doc: Document, name: string): readonly (string | number)[] => {
  const value = doc[name];
  return Array.isArray(value) ? [...new Set(value.filter((one) => typeof one === 'string' || typeof one === 'number'))] : [];
};

/** A declared field's value as it is indexed: text, a number, a boolean, or `null` for what is absent. */
export const indexedValue = (doc: Document, name: string): string | number | boolean | null => {
  const value = doc[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
};

/** What the generations of a model are made for, as their names begin: the declaration's version, fields and indexes. */
export const shapeOf = (definition: ModelDefinition): string => {
  const { version, indexes, scope, search, kind } = definition;
  const shape = canonicalJson([indexes, scope, declaredFields(definition), kind, search && SEARCH_SCHEME]);
  return `v${version}-${sha256(shape).slice(0, 8)}`;
};
