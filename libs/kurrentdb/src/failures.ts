import { Rejection } from '@sanwang/kernel';
import { status } from '@grpc/grpc-js';

interface GrpcFailure extends Error {
  readonly code: number;
  readonly details: string;
  readonly metadata?: { get(key: string): readonly (string | Buffer)[] };
}

const isGrpcFailure = (error: unknown): error is GrpcFailure =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;

/** What the server itself says it threw, in the trailers of its answer. */
const exceptionOf = (failure: GrpcFailure): string | undefined => failure.metadata?.get('exception')[0]?.toString();

const unavailable = (where: string, why: string, cause?: unknown): Rejection =>
  new Rejection('unavailable', 'event-store-unavailable', `KurrentDB (${where}) cannot be reached at the moment: ${why}.`, { cause });

/** No answer came in time. Whether an append was carried out is then not known; the same append again cannot double it. */
export const tooSlow = (where: string, deadlineMs: number): Rejection => unavailable(where, `no answer within ${deadlineMs} ms`);

const NO_SPACE = /no space left|not enough space|disk (is )?full/i;

/** Turns what a call fails with into the port's `Rejection`. `where` names the server; credentials are never part of it. */
export const asRejection = (error: unknown, where: string): Rejection => {
  if (error instanceof Rejection) return error;
  if (!isGrpcFailure(error)) return unavailable(where, error instanceof Error ? error.message : String(error), error);
  const exception = exceptionOf(error);
  if (exception === 'not-leader') return unavailable(where, 'the node is not the leader of its cluster', error);
  if (exception === 'access-denied' || error.code === status.UNAUTHENTICATED || error.code === status.PERMISSION_DENIED) {
    return new Rejection(
      'unavailable',
      'event-store-denied',
      `KurrentDB (${where}) refuses the user or the password of the connection string, or the user may not do this.`,
      { cause: error },
    );
  }
  if (exception === 'stream-deleted') {
    return new Rejection('data-loss', 'stream-deleted', `A stream of the log was deleted in KurrentDB (${where}).`, { cause: error });
  }
  if (exception === 'maximum-append-size-exceeded') {
    return new Rejection('resource-exhausted', 'append-too-large', `KurrentDB (${where}) takes less in one append: ${error.details}`, {
      cause: error,
    });
  }
  if (error.code === status.RESOURCE_EXHAUSTED || NO_SPACE.test(error.details)) {
    return new Rejection('resource-exhausted', 'storage-full', `The disk of KurrentDB (${where}) is full; nothing was written.`, {
      cause: error,
    });
  }
  return unavailable(where, error.details || `gRPC status ${error.code}`, error);
};
