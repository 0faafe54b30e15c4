import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { LogRecord } from './log.ts';
import type { Expected, Written } from './writing.ts';

const { ReadResp, AppendResp } = streams;
const none = (): InstanceType<typeof shared.Empty> => new shared.Empty();

export const identifier = (stream: string): InstanceType<typeof shared.StreamIdentifier> =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

export const failure = (code: status, details: string, trailers: Readonly<Record<string, string>> = {}): StatusObject => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return { code, details, metadata };
};
export const invalid = (details: string): StatusObject => failure(status.INVALID_ARGUMENT, details);
export const streamDeleted = (stream: string): StatusObject =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', 'stream-name': stream });
export const noSpace = (): StatusObject => failure(status.UNKNOWN, 'Exception was thrown by handler. IOException: No space left on device');
export const tooLarge = (most: number): StatusObject =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${most} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(most),
  });
export const wrongVersion = (stream: string, expected: Expected, current: number): StatusObject =>
  failure(status.FAILED_PRECONDITION, `Append failed due to WrongExpectedVersion. Stream: ${stream}, Actual version: ${current}`, {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': typeof expected === 'number' ? String(expected) : '-1',
    'actual-version': String(current),
  });

/** `withPosition`: reads of all carry it; reads of a stream have it in the record only. */
export const eventAnswer = (record: LogRecord, withPosition: boolean): InstanceType<typeof ReadResp> => {
  const recorded = new ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(record.id))
    .setStreamIdentifier(identifier(record.stream))
    .setStreamRevision(String(record.revision))
    .setCommitPosition(String(record.position))
    .setPreparePosition(String(record.position))
    .setData(record.data)
    .setCustomMetadata(record.metadata);
  // .NET's ticks: a tenth of a microsecond since 1601 (as a Windows file time) is what the server sends.
  recorded
    .getMetadataMap()
    .set('type', record.type)
    .set('content-type', record.contentType)
    .set('created', String((BigInt(record.createdMs) + 11_644_473_600_000n) * 10_000n));
  const event = new ReadResp.ReadEvent().setEvent(recorded);
  if (withPosition) event.setCommitPosition(String(record.position));
  else event.setNoPosition(none());
  return new ReadResp().setEvent(event);
};

export const checkpointAnswer = (commit: number, prepare: number): InstanceType<typeof ReadResp> =>
  new ReadResp().setCheckpoint(new ReadResp.Checkpoint().setCommitPosition(String(commit)).setPreparePosition(String(prepare)));

export const appendAnswer = (
  written: Extract<Written, { is: 'written' | 'wrong-version' }>,
  expected: Expected,
): InstanceType<typeof AppendResp> => {
  const answer = new AppendResp();
  if (written.is === 'written') {
    const success = new AppendResp.Success();
    if (written.revision < 0) success.setNoStream(none());
    else success.setCurrentRevision(String(written.revision));
    if (written.position === undefined) success.setNoPosition(none());
    else {
      const place = String(written.position);
      success.setPosition(new AppendResp.Position().setCommitPosition(place).setPreparePosition(place));
    }
    return answer.setSuccess(success);
  }
  const conflict = new AppendResp.WrongExpectedVersion();
  if (written.current < 0) conflict.setCurrentNoStream(none());
  else conflict.setCurrentRevision(String(written.current));
  if (typeof expected === 'number') conflict.setExpectedRevision(String(expected));
  else if (expected === 'no-stream') conflict.setExpectedNoStream(none());
  else if (expected === 'any') conflict.setExpectedAny(none());
  else conflict.setExpectedStreamExists(none());
  return answer.setWrongExpectedVersion(conflict);
};
