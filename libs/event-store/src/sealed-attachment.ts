import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { invalid, Rejection, uuidv7 } from '@sanwang/kernel';
import { ATTACHMENT_TYPES, attachmentSubject, MAX_ATTACHMENT_BYTES, type AttachmentInfo } from './attachments.ts';
import type { Keys, SubjectKey } from './keys.ts';
import { SIGNATURE_BYTES, sniffMediaType } from './media-type.ts';

/** What a store keeps beside an attachment's ciphertext. */
export interface SealedAttachment extends AttachmentInfo {
  readonly subject: string;
  readonly key: string;
  readonly iv: string;
  readonly tag: string;
}
/** An attachment that is about to be stored. */
export type NewAttachment = Pick<SealedAttachment, 'id' | 'subject' | 'mediaType' | 'storedAt'>;

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TAG_BYTES = 16;

export const isAttachmentId = (id: string): boolean => ID.test(id);
/** When an attachment was stored (ms): its id is a UUID of version 7. */
export const attachmentStoredMs = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

export const attachmentInfo = ({ id, mediaType, size, hash, storedAt }: SealedAttachment): AttachmentInfo => ({
  id,
  mediaType,
  size,
  hash,
  storedAt,
});

export const damagedAttachment = (id: string, cause?: unknown): Rejection =>
  new Rejection('data-loss', 'attachment-damaged', `Attachment ${id} is damaged.`, { facts: { id }, cause });

const tooLarge = (): Rejection =>
  new Rejection('resource-exhausted', 'attachment-too-large', `An attachment has at most ${MAX_ATTACHMENT_BYTES} bytes.`, {
    facts: { most: MAX_ATTACHMENT_BYTES },
  });

const boundTo = ({ id, subject, mediaType }: Pick<SealedAttachment, 'id' | 'subject' | 'mediaType'>): Buffer =>
  Buffer.from(`attachment\n${id}\n${subject}\n${mediaType}`);

/** Gives a new attachment its id, and its subject a key. Throws `invalid-argument/attachment-type`. */
export const beginAttachment = async (
  keys: Pick<Keys, 'ensure'>,
  mediaType: string,
): Promise<{ readonly about: NewAttachment; readonly key: SubjectKey }> => {
  if (!(ATTACHMENT_TYPES as readonly string[]).includes(mediaType)) {
    throw invalid('attachment-type', 'mediaType', `one of ${ATTACHMENT_TYPES.join(', ')}`);
  }
  const now = Date.now();
  const id = uuidv7(now);
  const subject = attachmentSubject(id);
  const key = (await keys.ensure([subject])).get(subject)!;
  return { about: { id, subject, mediaType, storedAt: new Date(now).toISOString() }, key };
};

/** Passes the content on once its first bytes agree with the declared type. */
async function* ofType(mediaType: string, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Buffer | undefined = Buffer.alloc(0);
  const checked = (bytes: Buffer): Buffer => {
    if (sniffMediaType(bytes) !== mediaType) throw invalid('attachment-type', 'content', `content of the declared type ${mediaType}`);
    return bytes;
  };
  for await (const chunk of content) {
    if (!start) yield chunk;
    else if ((start = Buffer.concat([start, chunk])).length >= SIGNATURE_BYTES) {
      yield checked(start);
      start = undefined;
    }
  }
  if (start) yield checked(start);
}

/**
 * Encrypts the content as it comes and hands it on; answers what is to be kept beside it. Throws `invalid-argument/attachment-type`
 * where the content is of another type, and `resource-exhausted/attachment-too-large`.
 */
export const sealAttachment = async (
  { about, key }: { readonly about: NewAttachment; readonly key: SubjectKey },
  content: AsyncIterable<Uint8Array>,
  write: (ciphertext: Uint8Array) => Promise<void>,
): Promise<SealedAttachment> => {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(boundTo(about));
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of ofType(about.mediaType, content)) {
    size += chunk.length;
    if (size > MAX_ATTACHMENT_BYTES) throw tooLarge();
    const sealed = cipher.update(chunk);
    digest.update(sealed);
    await write(sealed);
  }
  cipher.final();
  return {
    id: about.id,
    mediaType: about.mediaType,
    size,
    hash: digest.digest('hex'),
    storedAt: about.storedAt,
    subject: about.subject,
    key: key.id,
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
};

/** The key that opens an attachment; `undefined` when its subject was erased. Throws `data-loss/personal-key-missing`. */
export const attachmentKey = async (keys: Pick<Keys, 'find'>, { id, subject, key }: SealedAttachment): Promise<SubjectKey | undefined> => {
  const found = (await keys.find([subject])).get(subject);
  if (found === 'destroyed') return undefined;
  if (found?.id === key) return found;
  throw new Rejection('data-loss', 'personal-key-missing', `The key of ${subject} is not in the key store.`, { facts: { id } });
};

/** Throws `data-loss/attachment-damaged` unless the ciphertext has the hash that was kept beside it. */
export const checkAttachment = async (sealed: SealedAttachment, ciphertext: AsyncIterable<Uint8Array>): Promise<void> => {
  const digest = createHash('sha256');
  for await (const chunk of ciphertext) digest.update(chunk);
  if (digest.digest('hex') !== sealed.hash) throw damagedAttachment(sealed.id);
};

/** The plaintext, in pieces as the ciphertext comes. Throws `data-loss/attachment-damaged`. */
export async function* openAttachment(
  sealed: SealedAttachment,
  key: SubjectKey,
  ciphertext: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(sealed.iv, 'base64'), { authTagLength: TAG_BYTES })
    .setAAD(boundTo(sealed))
    .setAuthTag(Buffer.from(sealed.tag, 'base64'));
  for await (const chunk of ciphertext) yield decipher.update(chunk);
  try {
    decipher.final();
  } catch (cause) {
    throw damagedAttachment(sealed.id, cause);
  }
}
