import type { EventMetadata, SealedEvent, StoredEvent } from '@sanwang/event-store';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';

type RecordedEvent = InstanceType<typeof streams.ReadResp.ReadEvent.RecordedEvent>;

/**
 * KurrentDB's metadata of an event: what KurrentDB and its tools look for, our own id and hash, and last our metadata as the
 * very text that was hashed. No quote inside a JSON string stands unescaped, so the first `METADATA` is where it begins.
 */
interface Header {
  readonly $correlationId: string;
  readonly $causationId?: string;
  readonly traceparent?: string;
  readonly id: string;
  readonly hash: string;
}
const METADATA = ',"metadata":';

const wrapped = ({ id, hash, metadata }: SealedEvent): string => {
  const { correlationId, causationId, traceparent } = JSON.parse(metadata) as EventMetadata;
  const header: Header = {
    $correlationId: correlationId,
    ...(causationId !== undefined && { $causationId: causationId }),
    ...(traceparent !== undefined && { traceparent }),
    id,
    hash,
  };
  return `${JSON.stringify(header).slice(0, -1)}${METADATA}${metadata}}`;
};

/** Not as we wrote it, it comes without its hash: then it does not fit its chain, which is how damage is reported. */
const unwrapped = (text: string): Pick<SealedEvent, 'id' | 'hash' | 'metadata'> => {
  const at = text.indexOf(METADATA);
  try {
    const { id, hash } = JSON.parse(`${text.slice(0, at)}}`) as Partial<Header>;
    if (at > 0 && typeof id === 'string' && typeof hash === 'string') return { id, hash, metadata: text.slice(at + METADATA.length, -1) };
  } catch {
    // No JSON of ours.
  }
  return { id: '', hash: '', metadata: text };
};

/**
 * The id that KurrentDB compares when an append comes twice, made from the event's hash (a UUID of version 8): it then takes
 * only the very same record in the same place for a repeat. With the event's own id it would acknowledge a repeat with
 * other bytes (another time of recording), and the writer would chain its next event to a hash that is not in the log.
 */
export const recordId = (hash: string): string =>
  `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;

export const toProposed = (event: SealedEvent): InstanceType<typeof streams.BatchAppendReq.ProposedMessage> => {
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setId(new shared.UUID().setString(recordId(event.hash)));
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  message.setData(Buffer.from(event.data));
  message.setCustomMetadata(Buffer.from(wrapped(event)));
  return message;
};

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();

export const toStored = (event: RecordedEvent): StoredEvent => ({
  stream: text(event.getStreamIdentifier()!.getStreamName_asU8()),
  revision: Number(event.getStreamRevision()),
  position: Number(event.getCommitPosition()),
  type: event.getMetadataMap().get('type') ?? '',
  data: text(event.getData_asU8()),
  ...unwrapped(text(event.getCustomMetadata_asU8())),
});
