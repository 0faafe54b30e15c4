import { randomUUID } from 'node:crypto';
import { invalid } from '@sanwang/kernel';
import type { Principal } from '@sanwang/identity';
import type { Call } from './api.ts';

/** Reads one header or metadata entry by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

/** Verifies a bearer token. Throws `unauthenticated/…` when it proves nothing. */
export type Authenticate = (token: string) => Promise<Principal>;

const MAX_READ_TOKENS = 16;

/** The caller's `X-Correlation-Id` when it has the form of one, otherwise a new one. */
export const correlationIdOf = (header: string | undefined): string =>
  header !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : randomUUID();

const idempotencyKeyOf = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,128}$/.test(header))
    throw invalid('header-invalid', 'Idempotency-Key', '1 to 128 visible ASCII characters without spaces');
  return header;
};

const expectedRevisionOf = (header: string | undefined): number | undefined => {
  if (header === undefined || header === '*') return undefined;
  const revision = /^"(\d{1,9})"$/.exec(header)?.[1];
  if (revision === undefined) throw invalid('header-invalid', 'If-Match', 'one revision in quotes, such as "3"');
  return Number(revision);
};

const readTokensOf = (header: string | undefined): readonly string[] => {
  if (header === undefined) return [];
  const tokens = header
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
  if (tokens.length > MAX_READ_TOKENS || tokens.some((token) => token.length > 500)) {
    throw invalid('header-invalid', 'Sanwang-Read-Token', `at most ${MAX_READ_TOKENS} tokens of earlier answers, separated by commas`);
  }
  return tokens;
};

/** The call that headers (REST) or metadata (gRPC) describe; the two use the same names. */
export const callFrom = (
  read: HeaderReader,
  known: Pick<Call, 'principal' | 'method' | 'correlationId' | 'deadline'> & { readonly token: string },
): Call => {
  const idempotencyKey = idempotencyKeyOf(read('idempotency-key'));
  const expectedRevision = expectedRevisionOf(read('if-match'));
  const traceparent = read('traceparent');
  return {
    ...known,
    readTokens: readTokensOf(read('sanwang-read-token')),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(expectedRevision === undefined ? {} : { expectedRevision }),
    ...(traceparent !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent) ? { traceparent } : {}),
  };
};
