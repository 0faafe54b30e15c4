import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { Rejection, invalid } from '@sanwang/kernel';
import type { HttpBinding } from './descriptors.ts';

type Json = Record<string, unknown>;

/** Text of a URL as a value of the field's type. What does not look like one stays text, and the schema says what was expected. */
const scalarOf = (field: DescField | undefined, text: string): unknown => {
  const scalar = field?.fieldKind === 'scalar' || field?.fieldKind === 'list' ? field.scalar : undefined;
  switch (scalar) {
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return /^-?\d{1,17}(\.\d{1,17})?$/.test(text) ? Number(text) : text;
    case ScalarType.BOOL:
      return text === 'true' ? true : text === 'false' ? false : text;
    default:
      return text;
  }
};

/** Turns path parameters, query string and body into the request object, without checking its values. */
export const requestReader = (
  binding: HttpBinding,
  input: DescMessage,
): ((params: Readonly<Record<string, string>>, query: Readonly<Record<string, string | string[]>>, body: unknown) => unknown) => {
  const fields = new Map(input.fields.map((field) => [field.jsonName, field]));

  const fromQuery = (query: Readonly<Record<string, string | string[]>>): Json => {
    const request: Json = {};
    for (const [name, given] of Object.entries(query)) {
      const field = fields.get(name);
      if (!field || binding.params.includes(name))
        throw invalid('request-invalid', name.toWellFormed().slice(0, 100), 'no such query parameter');
      const list = field.fieldKind === 'list';
      const values = (Array.isArray(given) ? given : [given]).map((text) => scalarOf(field, text));
      request[name] = list || values.length > 1 ? values : values[0];
    }
    return request;
  };

  const fromBody = (query: Readonly<Record<string, string | string[]>>, body: unknown): Json => {
    const [stray] = Object.keys(query);
    if (stray !== undefined) throw invalid('request-invalid', stray.toWellFormed().slice(0, 100), 'no such query parameter');
    if (body === undefined || body === null) return {};
    if (typeof body !== 'object' || Array.isArray(body)) throw invalid('request-invalid', 'body', 'a JSON object');
    return body as Json;
  };

  return (params, query, body) => {
    const request = binding.body ? fromBody(query, body) : fromQuery(query);
    for (const name of binding.params) {
      const value = scalarOf(fields.get(name), params[name]!);
      if (Object.hasOwn(request, name) && request[name] !== value) throw invalid('request-invalid', name, 'the same value as in the path');
      request[name] = value;
    }
    return request;
  };
};

/** Parses a JSON body. The parser's own message quotes the body, so it is not passed on. */
export const parseJson = (body: string): unknown => {
  if (body.trim() === '') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch (cause) {
    throw new Rejection('invalid-argument', 'json-invalid', 'The body is not valid JSON.', {
      violations: [{ field: 'body', expected: 'valid JSON' }],
      cause,
    });
  }
};
