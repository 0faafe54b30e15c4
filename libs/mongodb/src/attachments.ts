import { finished } from 'node:stream/promises';
import {
  attachmentInfo,
  attachmentKey,
  attachmentStoredMs,
  beginAttachment,
  checkAttachment,
  damagedAttachment,
  isAttachmentId,
  openAttachment,
  sealAttachment,
  type Attachments,
  type Keys,
  type SealedAttachment,
} from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { GridFSBucket, MongoGridFSChunkError, MongoGridFSStreamError, MongoRuntimeError, type GridFSBucketWriteStream } from 'mongodb';
import { MAX_TIME_MS, type Database } from './database.ts';
import { asRejection } from './rejecting.ts';

/** An attachment is there once its document holds what was sealed; before, its content is still being stored. */
interface StoredAttachment {
  readonly _id: string;
  readonly sealed?: SealedAttachment;
}

const BUCKET = 'attachments';

const write = (stream: GridFSBucketWriteStream, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => stream.write(bytes, (error) => (error ? reject(error) : resolve())));

/**
 * Attachments in GridFS (bucket `attachments`, AES-256-GCM, each under a key of its own), and one document each in `attachments`
 * that is completed last. What a crash left half stored counts as stored when it began, is named by nobody, and is swept.
 */
export const openAttachments = ({ db, guarded, where }: Database, keys: Pick<Keys, 'find' | 'ensure'>): Attachments => {
  const attachments = db.collection<StoredAttachment>('attachments');
  const files = db.collection<{ _id: string }>(`${BUCKET}.files`);
  const chunks = db.collection<{ files_id: string }>(`${BUCKET}.chunks`);
  // GridFS declares its ids as ObjectIds; the server takes any.
  const bucket = new GridFSBucket(db, { bucketName: BUCKET });
  const asFileId = (id: string): Parameters<GridFSBucket['openDownloadStream']>[0] => id as never;

  const find = async (id: string): Promise<SealedAttachment | undefined> =>
    isAttachmentId(id) ? (await attachments.findOne({ _id: id }, { maxTimeMS: MAX_TIME_MS }))?.sealed : undefined;

  const remove = async (id: string): Promise<void> => {
    await chunks.deleteMany({ files_id: id });
    await files.deleteOne({ _id: id });
    await attachments.deleteOne({ _id: id });
  };

  async function* ciphertext({ id }: SealedAttachment): AsyncGenerator<Uint8Array> {
    try {
      yield* bucket.openDownloadStream(asFileId(id)) as AsyncIterable<Buffer>;
    } catch (error) {
      const isIncomplete =
        error instanceof MongoGridFSChunkError ||
        error instanceof MongoGridFSStreamError ||
        (error instanceof MongoRuntimeError && error.constructor === MongoRuntimeError);
      throw isIncomplete ? damagedAttachment(id, error) : asRejection(error, where);
    }
  }

  const store: Attachments['store'] = async (content, { mediaType }) => {
    const begun = await beginAttachment(keys, mediaType);
    const { id } = begun.about;
    await attachments.insertOne({ _id: id });
    const upload = bucket.openUploadStreamWithId(asFileId(id), id);
    const uploaded = finished(upload);
    uploaded.catch(() => undefined);
    try {
      const sealed = await sealAttachment(begun, content, (bytes) => write(upload, bytes));
      upload.end();
      await uploaded;
      const { matchedCount } = await attachments.replaceOne({ _id: id }, { sealed });
      if (matchedCount === 0) {
        throw new Rejection('unavailable', 'attachments-unavailable', 'It took too long to store the attachment; it was swept meanwhile.');
      }
      return attachmentInfo(sealed);
    } catch (error) {
      upload.destroy();
      await remove(id).catch(() => undefined);
      throw error;
    }
  };

  return {
    store: (content, options) => guarded(() => store(content, options)),
    info: (id) =>
      guarded(async () => {
        const sealed = await find(id);
        return sealed && attachmentInfo(sealed);
      }),
    open: (id) =>
      guarded(async () => {
        const sealed = await find(id);
        const key = sealed && (await attachmentKey(keys, sealed));
        if (!key) return undefined;
        await checkAttachment(sealed, ciphertext(sealed));
        return { info: attachmentInfo(sealed), content: openAttachment(sealed, key, ciphertext(sealed)) };
      }),
    storedBefore: (before, from) =>
      guarded(async () => {
        const limit = Date.parse(before);
        const start = from === undefined ? 0 : Date.parse(from);
        // The first twelve digits of an id are its milliseconds.
        const idAt = (ms: number): string => {
          const hex = Math.max(0, ms).toString(16).padStart(12, '0');
          return `${hex.slice(0, 8)}-${hex.slice(8)}`;
        };
        const found = attachments.find(
          { _id: { $gte: idAt(start), $lt: idAt(limit) } },
          { projection: { _id: 1 }, sort: { _id: 1 }, maxTimeMS: MAX_TIME_MS },
        );
        return (await found.toArray()).map(({ _id }) => _id).filter((id) => isAttachmentId(id) && attachmentStoredMs(id) < limit);
      }),
    remove: (id) => guarded(() => (isAttachmentId(id) ? remove(id) : Promise.resolve())),
  };
};
