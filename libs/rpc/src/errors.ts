import { Rejection, type ErrorCode, type FieldViolation } from '@sanwang/kernel';

/** What an error code means in each transport. `grpc` is the number of google.rpc.Code. */
export interface ErrorMeaning {
  readonly http: number;
  readonly grpc: number;
  /** The same request may succeed later, unchanged. */
  readonly retriable: boolean;
  readonly title: string;
}

/** The one table of errors; for a few reasons HTTP has a finer word, see `httpStatus`. */
export const errorTable: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  'invalid-argument': { http: 400, grpc: 3, retriable: false, title: 'The request is not valid' },
  unauthenticated: { http: 401, grpc: 16, retriable: false, title: 'The caller is not known' },
  'permission-denied': { http: 403, grpc: 7, retriable: false, title: 'The caller may not do this' },
  'not-found': { http: 404, grpc: 5, retriable: false, title: 'There is no such thing' },
  'already-exists': { http: 409, grpc: 6, retriable: false, title: 'It exists already' },
  'failed-precondition': { http: 422, grpc: 9, retriable: false, title: 'The present state forbids this' },
  conflict: { http: 409, grpc: 10, retriable: false, title: 'Someone else was faster' },
  'resource-exhausted': { http: 429, grpc: 8, retriable: true, title: 'Too much at once' },
  'deadline-exceeded': { http: 504, grpc: 4, retriable: true, title: 'It took too long' },
  unavailable: { http: 503, grpc: 14, retriable: true, title: 'Not available at the moment' },
  'data-loss': { http: 500, grpc: 15, retriable: false, title: 'Stored data is damaged' },
  internal: { http: 500, grpc: 13, retriable: false, title: 'Something went wrong on our side' },
};

/** A conflict with the caller's own `If-Match` is 412 (RFC 9110 §13.1.1); what is too large is so however often it is sent. */
const httpByReason: Readonly<Record<string, number>> = { 'stale-revision': 412, 'attachment-too-large': 413, 'event-too-large': 413 };

/** The HTTP status of a rejection. */
export const httpStatus = (rejection: Rejection): number => httpByReason[rejection.reason] ?? errorTable[rejection.code].http;

const byGrpcStatus = new Map((Object.keys(errorTable) as ErrorCode[]).map((code) => [errorTable[code].grpc, code]));

/** The code of a gRPC status number, also of those that Sanwang itself never sends. */
export const codeOfGrpcStatus = (status: number): ErrorCode => {
  const CANCELLED = 1;
  const OUT_OF_RANGE = 11;
  if (status === CANCELLED) return 'unavailable';
  if (status === OUT_OF_RANGE) return 'invalid-argument';
  return byGrpcStatus.get(status) ?? 'internal';
};

/** What a caller is told: rejections as they are, any other error as `internal` without a word of its message (it is the `cause`). */
export const toRejection = (error: unknown): Rejection =>
  error instanceof Rejection
    ? error
    : new Rejection('internal', 'internal', 'Something went wrong on our side. Please report the correlation id.', { cause: error });

/** A problem document (RFC 9457, `application/problem+json`). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly violations: readonly FieldViolation[];
  readonly correlationId: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** `status` is given where HTTP has a finer word than the code (405, 413, 415). */
export const problemOf = (rejection: Rejection, correlationId: string, status: number = httpStatus(rejection)): Problem => ({
  type: `urn:sanwang:problem:${rejection.reason}`,
  title: errorTable[rejection.code].title,
  status,
  detail: rejection.message,
  code: rejection.code,
  reason: rejection.reason,
  violations: rejection.violations,
  correlationId,
  facts: rejection.facts,
});

/** The rejection that a problem document tells of. */
export const rejectionOf = (problem: Problem): Rejection =>
  new Rejection(problem.code, problem.reason, problem.detail, { violations: problem.violations, facts: problem.facts });
