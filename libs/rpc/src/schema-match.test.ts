import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Api } from './api.ts';
import { fixtureDescriptors, notesApi } from './fixture/notes.ts';
import { assertSchemaMatchesMessage } from './schema-match.ts';

const descriptors = fixtureDescriptors();
const place = z.strictObject({ latitude: z.number(), longitude: z.number() });
const fields = {
  title: z.string(),
  tags: z.array(z.string()).default([]),
  place: place.optional(),
  dueAt: z.iso.datetime().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  urgent: z.boolean().optional(),
  stops: z.array(place).default([]),
};

/** The pilot with another schema for one request. */
const withRequest = (method: string, request: z.ZodType): Api => {
  const api = notesApi();
  return { ...api, handlers: { ...api.handlers, [method]: { ...api.handlers[method]!, request } } };
};

test('the pilot’s schemas and messages agree', () => {
  expect(() => assertSchemaMatchesMessage(notesApi(), descriptors)).not.toThrow();
});

test('enums, literals, unions and refinements of text are strings', () => {
  const title = z.union([
    z.enum(['a', 'b']),
    z.literal('c'),
    z.templateLiteral(['x-', z.string()]),
    z.string().refine((text) => text !== 'd'),
  ]);
  expect(() => assertSchemaMatchesMessage(withRequest('createNote', z.strictObject({ ...fields, title })), descriptors)).not.toThrow();
});

test.each([
  [
    'a field is missing',
    z.strictObject({ ...fields, urgent: undefined as never }).omit({ urgent: true }),
    'CreateNote.urgent: in the message, but not in the schema',
  ],
  ['a field is too many', z.strictObject({ ...fields, colour: z.string() }), 'CreateNote.colour: not in the message'],
  ['a type differs', z.strictObject({ ...fields, title: z.number() }), 'CreateNote.title: the message has a string'],
  ['text is not a truth', z.strictObject({ ...fields, urgent: z.string().optional() }), 'CreateNote.urgent: the message has a bool'],
  ['one is not many', z.strictObject({ ...fields, tags: z.string() }), 'CreateNote.tags: the message repeats'],
  [
    'a nested field differs',
    z.strictObject({ ...fields, stops: z.array(place.omit({ latitude: true })) }),
    'CreateNote.stops[].latitude: in the message',
  ],
  [
    'only the schema lets it be absent',
    z.strictObject({ ...fields, title: z.string().optional() }),
    'CreateNote.title: may be absent in the schema',
  ],
  ['an absent list has two faces', z.strictObject({ ...fields, tags: z.array(z.string()).optional() }), 'CreateNote.tags: gRPC sends []'],
  [
    'a map’s value differs',
    z.strictObject({ ...fields, labels: z.record(z.string(), z.number()) }),
    'CreateNote.labels{}: the message has a string',
  ],
  ['the object is not strict', z.object(fields), 'CreateNote: the object is not strict'],
  [
    'a nested object is not strict',
    z.strictObject({ ...fields, place: z.object(place.shape).optional() }),
    'CreateNote.place: the object is not strict',
  ],
])('says so when %s', (_, request, message) => {
  expect(() => assertSchemaMatchesMessage(withRequest('createNote', request), descriptors)).toThrow(message);
});

test.each([
  ['fractions', z.number().min(1).max(5), 'StarNote.stars: the message has an int32'],
  ['more than 32 bits', z.int().min(0), 'StarNote.stars: the schema allows integers beyond int32'],
])('says so when an int32 may hold %s', (_, stars, message) => {
  const request = z.strictObject({ id: z.string(), stars });
  expect(() => assertSchemaMatchesMessage(withRequest('starNote', request), descriptors)).toThrow(message);
});

test('says so when an rpc has no handler', () => {
  const api = notesApi();
  const { fail: _, ...handlers } = api.handlers;
  expect(() => assertSchemaMatchesMessage({ ...api, handlers }, descriptors)).toThrow('Fail: no handler');
});
