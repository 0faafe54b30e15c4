import { Rejection } from '@sanwang/kernel';
import { logFields } from './attributes.ts';

const listed: ReadonlySet<string> = new Set(logFields);
const UNLISTED = '[unlisted]';
const MAX_TEXT = 1_000;
const MAX_ITEMS = 20;
const token = /\beyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){0,4}|\b(Bearer|Basic) +\S+/gi;

/** A text without tokens, and not endless. */
export const scrubText = (text: string): string => {
  const clean = text.replace(token, '[token]');
  return clean.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}…` : clean;
};

/** A path without its query, which may hold a name that somebody searched for. */
const pathOnly = (url: string): string => scrubText(url.replace(/[?#].*$/s, ''));

/** Errors whose message may quote what the caller sent: a parser's shows the text it fails at, a schema's the unknown key. */
const quotesInput = (error: Error): boolean =>
  error instanceof SyntaxError || error.name.endsWith('ZodError') || (error instanceof Rejection && error.code === 'invalid-argument');

/** The message of an error where it quotes no input. */
export const safeMessage = (error: Error): string => (quotesInput(error) ? 'The input was not as expected.' : scrubText(error.message));

/** The calls of a stack, without the message above them. */
const frames = (error: Error): string =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 15)
    .join('\n');

const describe = (error: Error, depth = 0): Record<string, unknown> => ({
  type: error.name,
  message: safeMessage(error),
  ...(error instanceof Rejection
    ? { code: error.code, reason: error.reason }
    : { ...('code' in error && { code: String(error.code) }), stack: frames(error) }),
  ...(error.cause instanceof Error && depth < 3 && { cause: describe(error.cause, depth + 1) }),
});

const asRecord = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? { ...value } : {});

/** Of a request its method and path, of a response its status: nothing that the caller wrote or was told. */
const request = (value: unknown): Record<string, unknown> => {
  const { method, url } = value as { method?: unknown; url?: unknown };
  return { method: String(method), url: pathOnly(String(url)) };
};

const scrubValue = (key: string, value: unknown): unknown => {
  if (value instanceof Error) return describe(value);
  if (key === 'req') return request(value ?? {});
  if (key === 'res') return { statusCode: (value as { statusCode?: unknown } | undefined)?.statusCode };
  switch (typeof value) {
    case 'string':
      return key === 'url' ? pathOnly(value) : scrubText(value);
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item: unknown) => scrubValue(key, item));
      return scrub(asRecord(value));
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
    case 'symbol':
    case 'function':
      return UNLISTED;
  }
};

/** What may be written of the fields of a log line, at every depth: listed ones, with their texts scrubbed. */
export const scrub = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, listed.has(key) ? scrubValue(key, value) : UNLISTED]));
