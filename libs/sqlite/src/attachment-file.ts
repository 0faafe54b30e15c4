import type { FileHandle } from 'node:fs/promises';
import { damagedAttachment, type SealedAttachment } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';

const CHUNK = 64 * 1024;
const MAX_TRAILER = 4096;

/** Ends an attachment's file, after the ciphertext, with what belongs to it as JSON and the length of that in four bytes (big-endian). */
export const appendTrailer = async (file: FileHandle, sealed: SealedAttachment): Promise<void> => {
  const json = Buffer.from(JSON.stringify(sealed));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  await file.appendFile(Buffer.concat([json, length]));
};

const readExactly = async (file: FileHandle, position: number, length: number, id: string): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead !== length) throw damagedAttachment(id);
  return buffer;
};

/** Reads what the file says about itself. Throws `data-loss/attachment-damaged`. */
export const readTrailer = async (file: FileHandle, id: string): Promise<SealedAttachment> => {
  const { size } = await file.stat();
  if (size < 4) throw damagedAttachment(id);
  const length = (await readExactly(file, size - 4, 4, id)).readUInt32BE();
  if (length > MAX_TRAILER || length + 4 > size) throw damagedAttachment(id);
  try {
    const trailer = JSON.parse((await readExactly(file, size - 4 - length, length, id)).toString()) as SealedAttachment;
    if (trailer.id !== id || trailer.size !== size - 4 - length) throw damagedAttachment(id);
    return trailer;
  } catch (error) {
    throw error instanceof Rejection ? error : damagedAttachment(id, error);
  }
};

/** The ciphertext in pieces of at most 64 KiB. */
export async function* readCiphertext(file: FileHandle, { id, size }: SealedAttachment): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += CHUNK) yield await readExactly(file, at, Math.min(CHUNK, size - at), id);
}
