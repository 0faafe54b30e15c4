/**
 * The closed list of error codes. Each has one meaning in every transport (the table that maps a code to HTTP, gRPC and
 * "may be retried" is in `libs/rpc`); the `reason` slug beside it is what a client program tests for.
 */
export const errorCodes = [
  'invalid-argument',
  'unauthenticated',
  'permission-denied',
  'not-found',
  'already-exists',
  'failed-precondition',
  'conflict',
  'resource-exhausted',
  'deadline-exceeded',
  'unavailable',
  'data-loss',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** One thing wrong with one field of the input: `field` is a dotted path, `expected` says what would have been right. */
export interface FieldViolation {
  readonly field: string;
  readonly expected: string;
}

export interface RejectionDetail {
  readonly violations?: readonly FieldViolation[];
  /** Facts for programs (ids, revisions, positions); never personal data. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/** A refusal with a code, a stable reason slug and a sentence for people. Nothing was changed when it is thrown. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  readonly code: ErrorCode;
  readonly reason: string;
  readonly violations: readonly FieldViolation[];
  readonly facts: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, reason: string, message: string, detail: RejectionDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.reason = reason;
    this.violations = detail.violations ?? [];
    this.facts = detail.facts ?? {};
  }
}

/** The command's input is wrong in itself: names the field and what was expected. */
export const invalid = (reason: string, field: string, expected: string): Rejection =>
  new Rejection('invalid-argument', reason, `${field}: expected ${expected}`, { violations: [{ field, expected }] });

/** The state of the object forbids the command. */
export const forbiddenByState = (reason: string, message: string, facts: RejectionDetail['facts'] = {}): Rejection =>
  new Rejection('failed-precondition', reason, message, { facts });

/** No such object, or one outside the caller's jurisdiction: the two are not told apart. */
export const notFound = (kind: string, id: string): Rejection =>
  new Rejection('not-found', `${kind}-not-found`, `There is no ${kind} ${id} in your jurisdiction.`, { facts: { id } });

/** True for a failure that may pass by itself: a server away, a time-out. The caller may try again unchanged. */
export const isRetriable = (error: unknown): boolean =>
  error instanceof Rejection && (error.code === 'unavailable' || error.code === 'deadline-exceeded');
