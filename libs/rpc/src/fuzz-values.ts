import * as fc from 'fast-check';
import type { JsonSchema } from './openapi.ts';

/** Values that have broken programs before. */
const CURSED: readonly unknown[] = [
  null,
  '',
  ' ',
  -1,
  0,
  -0,
  1e308,
  2 ** 31,
  2 ** 53,
  0.1,
  true,
  [],
  {},
  [[]],
  'null',
  '\0',
  '\ud800',
  '../../../etc/passwd',
  "'; drop table notes; --",
  '%00%zz',
  '{{7*7}}${7*7}',
  '__proto__',
  'constructor',
  '９９',
  '2026-02-30',
  '2026-13-01T00:00:00.000Z',
  '9999999-01-01T00:00:00.000Z',
  'x'.repeat(20_000),
  '面'.repeat(3000),
  { __proto__: null, toString: 'x', constructor: { prototype: { polluted: true } } },
  Array.from({ length: 2000 }, (_, index) => index),
];

export const cursedTexts: readonly string[] = CURSED.filter((value) => typeof value === 'string');

export const cursed: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: fc.constantFrom(...CURSED), weight: 3 },
  { arbitrary: fc.jsonValue({ maxDepth: 3 }), weight: 1 },
);

/** Follows `$ref` inside the document. */
export const resolveSchema = (document: JsonSchema, schema: JsonSchema): JsonSchema => {
  const { $ref, ...rest } = schema;
  if (typeof $ref !== 'string') return schema;
  let target: unknown = document;
  for (const key of $ref.slice(2).split('/')) target = (target as Record<string, unknown> | undefined)?.[key];
  return { ...resolveSchema(document, (target ?? {}) as JsonSchema), ...rest };
};

const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

const text = (schema: JsonSchema): fc.Arbitrary<unknown> => {
  if (schema['format'] === 'date-time') {
    return fc.date({ min: new Date('2011-01-01'), max: new Date('2031-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
  }
  if (schema['format'] === 'date') {
    return fc
      .date({ min: new Date('2011-01-01'), max: new Date('2031-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
  }
  if (typeof schema['pattern'] === 'string') {
    try {
      return fc.stringMatching(new RegExp(schema['pattern']), { size: 'small' });
    } catch {
      // A pattern that fast-check cannot invert: any text will do.
    }
  }
  const minLength = number(schema['minLength'], 0);
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(number(schema['maxLength'], 40), 400)), unit: 'grapheme' });
};

/** Values that fit a schema, as far as the schema tells. */
export const fitting = (document: JsonSchema, given: JsonSchema, depth = 0): fc.Arbitrary<unknown> => {
  const schema = resolveSchema(document, given);
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  const forms = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  if (forms) return fc.oneof(...forms.map((form) => fitting(document, form, depth)));
  switch (schema['type']) {
    case 'string':
      return text(schema);
    case 'boolean':
      return fc.boolean();
    case 'integer': {
      const min = Math.max(number(schema['minimum'], -1000), -(2 ** 31));
      return fc.integer({ min, max: Math.max(min, Math.min(number(schema['maximum'], min + 2000), 2 ** 31 - 1)) });
    }
    case 'number':
      return fc.double({ min: number(schema['minimum'], -1e6), max: number(schema['maximum'], 1e6), noNaN: true });
    case 'array': {
      const minLength = number(schema['minItems'], 0);
      const maxLength = Math.max(minLength, Math.min(number(schema['maxItems'], 3), 5));
      return fc.array(fitting(document, (schema['items'] ?? {}) as JsonSchema, depth + 1), { minLength, maxLength });
    }
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
      const extra = schema['additionalProperties'];
      if (typeof extra === 'object' && extra !== null) {
        return fc.dictionary(fc.string({ maxLength: 10 }), fitting(document, extra as JsonSchema, depth + 1), { maxKeys: 3 });
      }
      if (depth > 6) return fc.constant({});
      const record = Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, fitting(document, property, depth + 1)]));
      return fc.record(record, { requiredKeys: ((schema['required'] ?? []) as string[]).filter((key) => key in record) });
    }
    default:
      return cursed;
  }
};

/** Values of which some fit, and some are spoiled in one place: a field replaced, left out, or added. */
export const spoiled = (document: JsonSchema, schema: JsonSchema): fc.Arbitrary<unknown> => {
  const good = fitting(document, schema);
  const spoil = fc.tuple(good, fc.nat(), cursed, fc.constantFrom('replace', 'remove', 'add')).map(([value, pick, bad, how]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad;
    const keys = Object.keys(value);
    const key = keys.length > 0 ? keys[pick % keys.length]! : 'x';
    if (how === 'add') return { ...value, [`unknown${pick % 10}`]: bad };
    if (how === 'replace') return { ...value, [key]: bad };
    return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  });
  return fc.oneof({ arbitrary: good, weight: 3 }, { arbitrary: spoil, weight: 4 }, { arbitrary: cursed, weight: 1 });
};
