import { Rejection } from '@sanwang/kernel';
import { status } from '@grpc/grpc-js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import type statusPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';

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

const denied = (where: string, cause?: unknown): Rejection =>
  new Rejection(
    'unavailable',
    'event-store-denied',
    `KurrentDB (${where}) refuses the user or the password of the connection string, or the user may not do this.`,
    { cause },
  );
const deleted = (where: string, cause?: unknown): Rejection =>
  new Rejection('data-loss', 'stream-deleted', `A stream of the log was deleted in KurrentDB (${where}).`, { cause });
const full = (where: string, cause?: unknown): Rejection =>
  new Rejection('resource-exhausted', 'storage-full', `The disk of KurrentDB (${where}) is full; nothing was written.`, { cause });

/** Turns what a call fails with into the port's `Rejection`. `where` names the server; credentials are never part of it. */
export const asRejection = (error: unknown, where: string): Rejection => {
  if (error instanceof Rejection) return error;
  if (!isGrpcFailure(error)) return unavailable(where, error instanceof Error ? error.message : String(error), error);
  const exception = exceptionOf(error);
  if (exception === 'not-leader') return unavailable(where, 'the node is not the leader of its cluster', error);
  if (exception === 'access-denied' || error.code === status.UNAUTHENTICATED || error.code === status.PERMISSION_DENIED) {
    return denied(where, error);
  }
  if (exception === 'stream-deleted') return deleted(where, error);
  if (error.code === status.RESOURCE_EXHAUSTED || NO_SPACE.test(error.details)) return full(where, error);
  return unavailable(where, error.details || `gRPC status ${error.code}`, error);
};

/** Why the server did not carry out one append, from its answer. */
export const refusedAppend = (answer: InstanceType<typeof statusPb.Status> | undefined, stream: string, where: string): Rejection => {
  const details = answer?.getDetails();
  const message = answer?.getMessage() ?? '';
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const conflict = details.unpack(shared.WrongExpectedVersion.deserializeBinary, details.getTypeName());
      const revision = conflict?.hasCurrentStreamRevision() ? Number(conflict.getCurrentStreamRevision()) : -1;
      return new Rejection('conflict', 'stream-moved', `${stream} stands at revision ${revision}.`, { facts: { revision } });
    }
    case 'event_store.client.MaximumAppendSizeExceeded': {
      const most = details.unpack(shared.MaximumAppendSizeExceeded.deserializeBinary, details.getTypeName())?.getMaxappendsize() ?? 0;
      return new Rejection('resource-exhausted', 'append-too-large', `KurrentDB (${where}) takes at most ${most} bytes in one append.`, {
        facts: { most },
      });
    }
    case 'event_store.client.StreamDeleted':
      return deleted(where);
    case 'event_store.client.AccessDenied':
      return denied(where);
    default:
      return NO_SPACE.test(message) ? full(where) : unavailable(where, message || 'the append was not carried out');
  }
};
