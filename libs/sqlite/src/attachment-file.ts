import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { MAX_ATTACHMENT_BYTES, type AttachmentInfo, type SubjectKey } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';

/** The end of an attachment's file, after the ciphertext: this as JSON, then its length in four bytes (big-endian). */
export interface Trailer extends AttachmentInfo {
  readonly subject: string;
  readonly key: string;
  readonly iv: string;
  readonly tag: string;
}

const CHUNK = 64 * 1024;
const MAX_TRAILER = 4096;

const boundTo = (id: string, subject: string, mediaType: string): Buffer => Buffer.from(`attachment\n${id}\n${subject}\n${mediaType}`);

export const damagedAttachment = (id: string, cause?: unknown): Rejection =>
  new Rejection('data-loss', 'attachment-damaged', `Attachment ${id} is damaged.`, { facts: { id }, cause });

const tooLarge = (): Rejection =>
  new Rejection('resource-exhausted', 'attachment-too-large', `An attachment has at most ${MAX_ATTACHMENT_BYTES} bytes.`, {
    facts: { most: MAX_ATTACHMENT_BYTES },
  });

/** Encrypts the content into the file as it comes, and syncs it. Throws `resource-exhausted/attachment-too-large`. */
export const writeAttachment = async (
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  iv: Uint8Array,
  key: SubjectKey,
  about: { readonly id: string; readonly subject: string; readonly mediaType: string; readonly storedAt: string },
): Promise<Trailer> => {
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv).setAAD(boundTo(about.id, about.subject, about.mediaType));
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > MAX_ATTACHMENT_BYTES) throw tooLarge();
    const sealed = cipher.update(chunk);
    digest.update(sealed);
    await file.appendFile(sealed);
  }
  cipher.final();
  const trailer: Trailer = {
    id: about.id,
    mediaType: about.mediaType,
    size,
    hash: digest.digest('hex'),
    storedAt: about.storedAt,
    subject: about.subject,
    key: key.id,
    iv: Buffer.from(iv).toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
  const json = Buffer.from(JSON.stringify(trailer));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  await file.appendFile(Buffer.concat([json, length]));
  await file.sync();
  return trailer;
};

const readExactly = async (file: FileHandle, position: number, length: number, id: string): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw damagedAttachment(id);
  return buffer;
};

/** Reads what the file says about itself. Throws `data-loss/attachment-damaged`. */
export const readTrailer = async (file: FileHandle, id: string): Promise<Trailer> => {
  const { size } = await file.stat();
  if (size < 4) throw damagedAttachment(id);
  const length = (await readExactly(file, size - 4, 4, id)).readUInt32BE();
  if (length > MAX_TRAILER || length + 4 > size) throw damagedAttachment(id);
  try {
    const trailer = JSON.parse((await readExactly(file, size - 4 - length, length, id)).toString()) as Trailer;
    if (trailer.id !== id || trailer.size !== size - 4 - length) throw damagedAttachment(id);
    return trailer;
  } catch (error) {
    throw error instanceof Rejection ? error : damagedAttachment(id, error);
  }
};

async function* ciphertext(file: FileHandle, trailer: Trailer): AsyncGenerator<Buffer> {
  for (let at = 0; at < trailer.size; at += CHUNK) yield await readExactly(file, at, Math.min(CHUNK, trailer.size - at), trailer.id);
}

/** Throws `data-loss/attachment-damaged` unless the ciphertext has the hash of the trailer. */
export const checkAttachment = async (file: FileHandle, trailer: Trailer): Promise<void> => {
  const digest = createHash('sha256');
  for await (const chunk of ciphertext(file, trailer)) digest.update(chunk);
  if (digest.digest('hex') !== trailer.hash) throw damagedAttachment(trailer.id);
};

/** The plaintext in pieces of at most 64 KiB. Throws `data-loss/attachment-damaged`. */
export async function* readAttachment(file: FileHandle, trailer: Trailer, key: SubjectKey): AsyncGenerator<Uint8Array> {
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, Buffer.from(trailer.iv, 'base64'), { authTagLength: 16 })
    .setAAD(boundTo(trailer.id, trailer.subject, trailer.mediaType))
    .setAuthTag(Buffer.from(trailer.tag, 'base64'));
  for await (const chunk of ciphertext(file, trailer)) yield decipher.update(chunk);
  try {
    decipher.final();
  } catch (cause) {
    throw damagedAttachment(trailer.id, cause);
  }
}
