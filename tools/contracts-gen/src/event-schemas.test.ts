import { defineCatalogue, defineEvent, personal } from '@sanwang/kernel';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { breakingChanges, eventSchemas, nextFolder, textOf, type SchemaFolder } from './event-schemas.ts';
import { eventTypes } from './event-types.ts';

const fields = {
  id: z.string(),
  contact: personal(z.string()).optional(),
  items: z.array(z.strictObject({ code: z.string(), severity: z.enum(['minor', 'major']) })),
};
const schemasOf = (shape: Record<string, z.ZodType>, upcasters: (() => unknown)[] = [], description = 'A note was written.') =>
  eventSchemas([
    defineCatalogue('pilot', {
      written: defineEvent('NoteWritten', { visibility: 'public', description, schema: z.strictObject(shape), upcasters }),
      hidden: defineEvent('NoteFiled', { visibility: 'private', description: 'Only here.', schema: z.strictObject({}) }),
    }),
  ]);
const NAME = 'pilot.NoteWritten.v1.json';
const empty: SchemaFolder = { files: new Map(), released: {} };
const released = nextFolder(schemasOf(fields), empty, true);

describe('the schema of a public event', () => {
  test('describes a personal field as its sealed envelope, and lets later releases add fields', () => {
    expect(schemasOf(fields).get(NAME)).toMatchObject({
      $id: `/schemas/${NAME}`,
      title: 'pilot.NoteWritten',
      properties: { contact: { $ref: '#/$defs/sealed' } },
      required: ['id', 'items'],
      $defs: { sealed: { required: ['subject', 'key', 'iv', 'data'] } },
    });
    expect(textOf(schemasOf(fields).get(NAME)!)).not.toContain('additionalProperties');
  });

  test('is not written for a private type', () => {
    expect([...schemasOf(fields).keys()]).toEqual([NAME]);
  });

  test('becomes a TypeScript type for consumers', () => {
    const types = eventTypes(schemasOf(fields));
    expect(types).toContain('export type PilotNoteWritten = {');
    expect(types).toContain('readonly contact?: Personal;');
    expect(types).toContain('readonly severity: "minor" | "major";');
    expect(types).toContain("readonly 'pilot.NoteWritten': PilotNoteWritten;");
  });
});

describe('a released schema', () => {
  test('is frozen by its hash', () => {
    expect(released.released).toEqual({ [NAME]: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(nextFolder(schemasOf(fields), released, false)).toEqual(released);
  });

  test('may take an optional field and other words', () => {
    const added = schemasOf({ ...fields, note: z.string().optional() }, [], 'Better words.');
    const next = nextFolder(added, released, false);
    expect(next.files.get(NAME)).toContain('note');
    expect(next.released[NAME]).not.toBe(released.released[NAME]);
  });

  test.each([
    ['a field that must be there is added', { ...fields, unit: z.string() }, '/ (required)'],
    ['a field goes', { id: fields.id, contact: fields.contact }, '/items'],
    ['a field may be absent', { ...fields, id: z.string().optional() }, '/ (required)'],
    ['a type changes', { ...fields, id: z.number() }, '/id/type'],
    [
      'a word is added to a closed set',
      { ...fields, items: z.array(z.strictObject({ code: z.string(), severity: z.enum(['minor', 'major', 'none']) })) },
      '/items/items/severity/enum',
    ],
    ['a personal field becomes plain', { ...fields, contact: z.string().optional() }, '/contact'],
  ])('is refused a change without a new version: %s', (_, shape, path) => {
    expect(() => nextFolder(schemasOf(shape), released, false)).toThrow(`${NAME}: ${path}`);
  });

  test('stays beside the next version', () => {
    const next = nextFolder(schemasOf({ ...fields, unit: z.string() }, [() => ({})]), released, false);
    expect([...next.files.keys()].sort()).toEqual([NAME, 'pilot.NoteWritten.v2.json']);
    expect(next.released).toEqual(released.released);
  });

  test('may be neither edited nor deleted by hand, and its type may not go', () => {
    const edited = new Map(released.files).set(NAME, '{}\n');
    expect(() => nextFolder(schemasOf(fields), { ...released, files: edited }, false)).toThrow('edited by hand');
    expect(() => nextFolder(schemasOf(fields), { ...released, files: new Map() }, false)).toThrow('deleted');
    expect(() => nextFolder(new Map(), released, false)).toThrow('must stay public');
  });
});

test('an unreleased schema may change as it likes', () => {
  const draft = nextFolder(schemasOf(fields), empty, false);
  expect(draft.released).toEqual({});
  expect(nextFolder(schemasOf({ id: z.number() }), draft, false).files.get(NAME)).toContain('number');
});

test('a field named like a schema keyword is compared like any other', () => {
  const schema = (type: string) => ({ properties: { required: { type }, description: { type }, properties: { type } } });
  expect(breakingChanges(schema('string'), schema('string'))).toEqual([]);
  expect(breakingChanges(schema('string'), schema('number'))).toHaveLength(3);
});
