import { randomUUID } from 'node:crypto';
import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, StatusObject } from '@grpc/grpc-js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statusPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { appendAnswer, invalid, noSpace, streamDeleted, tooLarge, wrongVersion } from './answers.ts';
import { uuidText } from '../uuid.ts';
import type { FaultState } from './faults.ts';
import type { NewRecord } from './log.ts';
import type { Expected, Writing, Written } from './writing.ts';

type AppendReq = InstanceType<typeof streams.AppendReq>;
type AppendResp = InstanceType<typeof streams.AppendResp>;
type BatchAppendReq = InstanceType<typeof streams.BatchAppendReq>;
type BatchAppendResp = InstanceType<typeof streams.BatchAppendResp>;
type Uuid = InstanceType<typeof shared.UUID>;

type Proposed = InstanceType<typeof streams.AppendReq.ProposedMessage> | InstanceType<typeof streams.BatchAppendReq.ProposedMessage>;
type StreamId = InstanceType<typeof shared.StreamIdentifier>;

const nameOf = (stream: StreamId | undefined): string => Buffer.from(stream!.getStreamName_asU8()).toString();

const uuidOf = (uuid: Uuid | undefined): string => (uuid ? uuidText(uuid) : randomUUID());

/** The server refuses an event without these two, and an id that is none. */
const recordOf = (message: Proposed): NewRecord | StatusObject => {
  const type = message.getMetadataMap().get('type');
  const contentType = message.getMetadataMap().get('content-type');
  if (type === undefined || contentType === undefined) return invalid('Required Metadata Property type or content-type is missing.');
  const id = uuidOf(message.getId());
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return invalid(`'${id}' is no UUID.`);
  return { id, type, contentType, data: message.getData_asU8(), metadata: message.getCustomMetadata_asU8() };
};
const isStatus = (record: NewRecord | StatusObject): record is StatusObject => 'code' in record;

interface ExpectedOptions {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}
const expectedOf = (options: ExpectedOptions, revision: string | undefined): Expected => {
  if (options.hasNoStream()) return 'no-stream';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream-exists';
  return Number(revision);
};

/** The status that a call ends with, where the server does not put what happened into its answer. */
const statusOf = (stream: string, expected: Expected, written: Written): StatusObject | undefined => {
  switch (written.is) {
    case 'written':
      return undefined;
    case 'wrong-version':
      return wrongVersion(stream, expected, written.current);
    case 'deleted':
      return streamDeleted(stream);
    case 'too-large':
      return tooLarge(written.most);
    case 'full':
      return noSpace();
  }
};

export type Answer<T> = (failure: StatusObject | null, answer?: T) => void;

export const createAppending = (writing: Writing, faults: FaultState) => {
  const append = async (call: ServerReadableStream<AppendReq, AppendResp>, answer: Answer<AppendResp>): Promise<void> => {
    let options: InstanceType<typeof streams.AppendReq.Options> | undefined;
    const records: NewRecord[] = [];
    for await (const request of call as AsyncIterable<AppendReq>) {
      if (request.hasOptions()) options = request.getOptions();
      const message = request.getProposedMessage();
      if (!message) continue;
      const record = recordOf(message);
      if (isStatus(record)) return answer(record);
      records.push(record);
    }
    if (!options) return answer(invalid('an append begins with its options'));
    await faults.delay();
    if (call.cancelled) return;
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options, options.getRevision());
    const written = await writing.append({ stream, expected, records });
    if (faults.losesAnswer()) return;
    await faults.delay();
    if (written.is === 'written' || written.is === 'wrong-version') return answer(null, appendAnswer(written, expected));
    answer(statusOf(stream, expected, written)!);
  };

  const batchAnswer = (correlation: Uuid, stream: StreamId, expected: Expected, written: Written): BatchAppendResp => {
    const response = new streams.BatchAppendResp().setCorrelationId(correlation).setStreamIdentifier(stream);
    if (written.is === 'written') {
      const success = new streams.BatchAppendResp.Success().setCurrentRevision(String(written.revision));
      const place = String(written.position);
      if (written.position !== undefined)
        success.setPosition(new shared.AllStreamPosition().setCommitPosition(place).setPreparePosition(place));
      return response.setSuccess(success);
    }
    // An empty `google.protobuf.Any`, whose class the client's package keeps to itself: field 3 of a status, of length 0.
    const details = statusPb.Status.deserializeBinary(Uint8Array.of(0x1a, 0)).getDetails()!;
    if (written.is === 'wrong-version') {
      const conflict = new shared.WrongExpectedVersion();
      if (written.current >= 0) conflict.setCurrentStreamRevision(String(written.current));
      if (typeof expected === 'number') conflict.setExpectedStreamPosition(String(expected));
      details.pack(conflict.serializeBinary(), 'event_store.client.WrongExpectedVersion');
    } else if (written.is === 'deleted') {
      details.pack(new shared.StreamDeleted().setStreamIdentifier(stream).serializeBinary(), 'event_store.client.StreamDeleted');
    } else if (written.is === 'too-large') {
      const most = new shared.MaximumAppendSizeExceeded().setMaxappendsize(written.most);
      details.pack(most.serializeBinary(), 'event_store.client.MaximumAppendSizeExceeded');
    } else details.pack(new shared.Unknown().serializeBinary(), 'event_store.client.Unknown');
    return response.setError(new statusPb.Status().setMessage(statusOf('', expected, written)!.details).setDetails(details));
  };

  const batchAppend = (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void => {
    const pending = new Map<string, { options: InstanceType<typeof streams.BatchAppendReq.Options>; records: NewRecord[] }>();
    const carryOut = async (
      correlation: Uuid,
      { options, records }: { options: InstanceType<typeof streams.BatchAppendReq.Options>; records: NewRecord[] },
    ) => {
      await faults.delay();
      const expected = expectedOf(options, options.getStreamPosition());
      const identifier = options.getStreamIdentifier()!;
      const written = await writing.append({ stream: nameOf(identifier), expected, records });
      if (faults.losesAnswer()) return;
      await faults.delay();
      if (!call.cancelled) call.write(batchAnswer(correlation, identifier, expected, written));
    };
    call.on('data', (request: BatchAppendReq) => {
      const correlation = request.getCorrelationId()!;
      const key = uuidOf(correlation);
      const options = request.getOptions();
      if (options) pending.set(key, { options, records: [] });
      const batch = pending.get(key);
      if (!batch) return call.emit('error', invalid(`no options for ${key}`));
      for (const message of request.getProposedMessagesList()) {
        const record = recordOf(message);
        if (isStatus(record)) return call.emit('error', record);
        batch.records.push(record);
      }
      if (!request.getIsFinal()) return undefined;
      pending.delete(key);
      void carryOut(correlation, batch);
      return undefined;
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  };

  type Removal = InstanceType<typeof streams.DeleteReq> | InstanceType<typeof streams.TombstoneReq>;
  const remove = async (call: ServerUnaryCall<Removal, unknown>, forEver: boolean): Promise<StatusObject | number> => {
    const options = call.request.getOptions()!;
    const stream = nameOf(options.getStreamIdentifier());
    const expected = expectedOf(options, options.getRevision());
    await faults.delay();
    const written = await writing.remove(stream, expected, forEver);
    return statusOf(stream, expected, written) ?? (written as Extract<Written, { is: 'written' }>).position!;
  };

  return { append, batchAppend, remove };
};
