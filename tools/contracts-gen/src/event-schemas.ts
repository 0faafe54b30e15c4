import { isPersonalSchema, sealedPersonalSchema, sha256, type AnyEventType, type Catalogue } from '@sanwang/kernel';
import { z } from 'zod';

export type JsonSchema = { [key: string]: unknown };

/** Where a schema points when a field is personal. */
export const SEALED = '#/$defs/sealed';

const sealedDefinition = (): JsonSchema => {
  const { $schema: _, additionalProperties: __, ...schema } = z.toJSONSchema(sealedPersonalSchema, { target: 'draft-2020-12' });
  return { description: 'A personal value, encrypted with the key of its subject (AES-256-GCM; iv and data are base64).', ...schema };
};

/** The name of the file that describes a version of a public type. */
export const schemaName = (context: string, type: string, version: number): string => `${context}.${type}.v${version}.json`;

/**
 * The JSON Schema of a public type's data as others see it: personal fields are sealed envelopes, and fields that a later
 * release adds are to be ignored.
 */
export const eventSchema = (context: string, eventType: AnyEventType): JsonSchema => {
  let sealed = false;
  const { $schema, ...schema } = z.toJSONSchema(eventType.schema, {
    target: 'draft-2020-12',
    io: 'output',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodUnion && isPersonalSchema(zodSchema)) {
        sealed = true;
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
        jsonSchema.$ref = SEALED;
      } else if (jsonSchema.additionalProperties === false) {
        delete jsonSchema.additionalProperties;
      }
    },
  }) as JsonSchema;
  return {
    $schema,
    $id: `/schemas/${schemaName(context, eventType.type, eventType.version)}`,
    title: `${context}.${eventType.type}`,
    description: eventType.description,
    ...schema,
    ...(sealed ? { $defs: { ...(schema['$defs'] as JsonSchema | undefined), sealed: sealedDefinition() } } : {}),
  };
};

/** The schemas of all public types by file name. */
export const eventSchemas = (catalogues: readonly Catalogue[]): Map<string, JsonSchema> =>
  new Map(
    catalogues.flatMap(({ context, types }) =>
      [...types.values()]
        .filter((eventType) => eventType.visibility === 'public')
        .map((eventType): [string, JsonSchema] => [schemaName(context, eventType.type, eventType.version), eventSchema(context, eventType)])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );

const PROSE = new Set(['description', 'title', 'examples', '$comment']);
const isObject = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null && !Array.isArray(value);
const setOf = (value: unknown): string => JSON.stringify([...((value ?? []) as string[])].sort());

/**
 * What makes `next` more than an addition to `released`, as paths: a field gone or changed, or what must be there changed. New
 * optional fields and other words are no change. A reader of the released schema reads the next one's data when this is empty.
 */
export const breakingChanges = (released: unknown, next: unknown, path = ''): readonly string[] => {
  const here = path || '/';
  if (Array.isArray(released) && Array.isArray(next)) {
    if (released.length !== next.length) return [here];
    return released.flatMap((item, index) => breakingChanges(item, next[index], `${path}/${index}`));
  }
  if (!isObject(released) || !isObject(next)) return released === next ? [] : [here];
  const isSchemaWithFields = isObject(released['properties']) && isObject(next['properties']);
  const keys = [...new Set([...Object.keys(released), ...Object.keys(next)])].filter((key) => !PROSE.has(key));
  return keys.flatMap((key) => {
    if (isSchemaWithFields && key === 'properties') {
      const [before, after] = [released[key] as JsonSchema, next[key] as JsonSchema];
      return Object.keys(before).flatMap((field) => breakingChanges(before[field], after[field], `${path}/${field}`));
    }
    if (key === '$defs')
      return Object.keys(released[key] ?? {}).flatMap((name) =>
        breakingChanges((released[key] as JsonSchema)[name], (next[key] as JsonSchema | undefined)?.[name], `${path}/${name}`),
      );
    if (key === 'required') return setOf(released[key]) === setOf(next[key]) ? [] : [`${here} (required)`];
    return breakingChanges(released[key], next[key], `${path}/${key}`);
  });
};

/** The file names of released schemas, each with the SHA-256 of its content. */
export type Released = Readonly<Record<string, string>>;

export const textOf = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`;

export interface SchemaFolder {
  readonly files: ReadonlyMap<string, string>;
  readonly released: Released;
}

/**
 * What the schema folder must hold: every current schema, and every released one. Throws, naming the type, when a released
 * schema was edited, lost its type, or changed by more than an addition (then it needs a new version, with an upcaster).
 */
export const nextFolder = (current: ReadonlyMap<string, JsonSchema>, found: SchemaFolder, release: boolean): SchemaFolder => {
  const faults: string[] = [];
  const files = new Map([...current].map(([name, schema]) => [name, textOf(schema)]));
  const typesNow = new Set([...current.keys()].map((name) => name.replace(/\.v\d+\.json$/, '')));
  for (const [name, hash] of Object.entries(found.released)) {
    const text = found.files.get(name);
    if (text === undefined || sha256(text) !== hash) {
      faults.push(`${name}: the released schema was ${text === undefined ? 'deleted' : 'edited by hand'}; restore it`);
      continue;
    }
    if (!typesNow.has(name.replace(/\.v\d+\.json$/, ''))) faults.push(`${name}: a released type must stay public in the catalogue`);
    const next = current.get(name);
    if (!next) files.set(name, text);
    else
      for (const change of breakingChanges(JSON.parse(text), next))
        faults.push(`${name}: ${change} differs from the released schema; make a new version with an upcaster`);
  }
  if (faults.length > 0) throw new Error(`public event schemas:\n${faults.join('\n')}`);
  const names = release ? [...files.keys()] : Object.keys(found.released);
  return { files, released: Object.fromEntries(names.sort().map((name) => [name, sha256(files.get(name)!)])) };
};
