import { Rejection, type FieldViolation } from '@sanwang/kernel';
import type { z } from 'zod';

const MAX_VIOLATIONS = 32;
const MAX_FIELD = 200;
const MAX_EXPECTED = 300;
/** Deeper nesting than any message has; protects every recursive reader behind it. */
export const MAX_DEPTH = 32;

const clip = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`);

const pathOf = (path: readonly PropertyKey[]): string => path.map(String).join('.');

const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' items', set: ' items', map: ' entries', file: ' bytes' };

/** What would have been right. Zod's own messages tell what was expected and the type, but never the value, that was received. */
const expectedOf = (issue: z.core.$ZodIssue): string => {
  const ownWords = !/^(Invalid|Too (small|big):) ?/.test(issue.message);
  if (ownWords) return issue.message;
  if (issue.code === 'too_small') return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
  if (issue.code === 'too_big') return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
  if (issue.code === 'invalid_value') return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_format' && issue.pattern !== undefined && issue.format === 'regex')
    return `text that matches ${issue.pattern}`;
  const colon = issue.message.replace(/^Invalid [^:]*: (must be |must )?(expected )?/, '').replace(/, received .*$/, '');
  return colon.startsWith('Invalid input') ? 'one of the permitted forms' : colon.replace(/^Invalid /, 'a valid ');
};

const violationsOf = (issue: z.core.$ZodIssue, at: readonly PropertyKey[]): FieldViolation[] => {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ field: pathOf([...path, key]), expected: 'no such field' }));
  if (issue.code === 'invalid_union') {
    // The form that came closest has the fewest faults; ties go to the first.
    const closest = issue.errors.toSorted((a, b) => a.length - b.length)[0];
    if (closest && closest.length > 0) return closest.flatMap((inner) => violationsOf(inner, path));
  }
  return [{ field: pathOf(path), expected: expectedOf(issue) }];
};

/** `invalid-argument/<reason>` for a list of violations, bounded so that it fits the trailers of a gRPC answer. */
export const invalidFields = (reason: string, violations: readonly FieldViolation[]): Rejection => {
  const bounded = violations.slice(0, MAX_VIOLATIONS).map(({ field, expected }) => ({
    field: clip(field.toWellFormed(), MAX_FIELD),
    expected: clip(expected.toWellFormed(), MAX_EXPECTED),
  }));
  const sentence = bounded
    .slice(0, 3)
    .map(({ field, expected }) => (field ? `${field}: expected ${expected}` : `expected ${expected}`))
    .join('; ');
  const more = violations.length > 3 ? `; and ${violations.length - 3} more` : '';
  return new Rejection('invalid-argument', reason, clip(`${sentence}${more}`, 1000), { violations: bounded });
};

/** The one rejection of a request that does not fit its schema. */
export const schemaRejection = (error: z.core.$ZodError): Rejection =>
  invalidFields(
    'request-invalid',
    error.issues.flatMap((issue) => violationsOf(issue, [])),
  );

const soundText = (value: string): boolean => value.isWellFormed() && !value.includes('\0');

const sound = (node: unknown, depth: number): boolean => {
  if (typeof node === 'string') return soundText(node);
  if (typeof node !== 'object' || node === null) return true;
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(node)) return node.every((item) => sound(item, depth + 1));
  for (const key of Object.keys(node)) {
    if (key === '__proto__' || !soundText(key) || !sound((node as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
};

const faultOf = (node: unknown, path: readonly string[]): FieldViolation => {
  if (typeof node !== 'object' || node === null) return { field: pathOf(path), expected: 'well-formed Unicode text without NUL' };
  if (path.length === MAX_DEPTH) return { field: pathOf(path.slice(0, 3)), expected: `at most ${MAX_DEPTH} levels of nesting` };
  const [key, value] = Object.entries(node).find(
    ([name, child]) => name === '__proto__' || !soundText(name) || !sound(child, path.length + 1),
  )!;
  if (key === '__proto__') return { field: pathOf([...path, key]), expected: 'no such field' };
  if (!soundText(key)) return { field: pathOf(path), expected: 'field names of well-formed Unicode text without NUL' };
  return faultOf(value, [...path, key]);
};

/**
 * Refuses what no schema should ever see: nesting below `MAX_DEPTH`, keys that touch prototypes, text that is not well-formed
 * Unicode or holds NUL (it would not survive gRPC or SQLite unchanged).
 */
export const requirePlain = (request: unknown): void => {
  if (!sound(request, 0)) throw invalidFields('request-malformed', [faultOf(request, [])]);
};
