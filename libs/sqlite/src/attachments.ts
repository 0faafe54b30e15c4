import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ATTACHMENT_TYPES,
  attachmentSubject,
  type AttachmentInfo,
  type Attachments,
  type Keys,
  type SubjectKey,
} from '@sanwang/event-store';
import { invalid, Rejection, uuidv7 } from '@sanwang/kernel';
import { checkAttachment, readAttachment, readTrailer, writeAttachment, type Trailer } from './attachment-file.ts';
import { SIGNATURE_BYTES, sniffMediaType } from './media-type.ts';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PART = '.part';
const DAY_MS = 86_400_000;

/** When it was stored (ms) follows from the id, a UUID of version 7; files lie in one folder per day of it. */
const storedMs = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const dayOf = (id: string): string => new Date(storedMs(id)).toISOString().slice(0, 10);

const errno = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const asFailure = (error: unknown): unknown => {
  const code = errno(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Rejection('resource-exhausted', 'storage-full', 'The disk of the attachments is full; nothing was stored.', {
      cause: error,
    });
  }
  if (code === 'EIO' || code === 'EMFILE' || code === 'ENFILE' || code === 'EACCES' || code === 'EROFS') {
    return new Rejection('unavailable', 'attachments-unavailable', 'The attachments cannot be reached at the moment.', { cause: error });
  }
  return error;
};
const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error);
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
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

const publicInfo = ({ id, mediaType, size, hash, storedAt }: Trailer): AttachmentInfo => ({ id, mediaType, size, hash, storedAt });

/**
 * Attachments as encrypted files (AES-256-GCM, each under a key of its own) below `folder`: written aside, synced, then renamed
 * into place. What a crash left half written is removed when the folder is opened.
 */
export const openAttachments = async (folder: string, keys: Pick<Keys, 'find' | 'ensure'>): Promise<Attachments> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pathOf = (id: string): string => join(folder, dayOf(id), id);
  const days = async (): Promise<readonly string[]> => (await readdir(folder)).filter((name) => /^\d{4}-\d\d-\d\d$/.test(name)).sort();
  for (const name of await readdir(folder)) if (name.endsWith(PART)) await rm(join(folder, name));

  const reading = async <T>(id: string, use: (file: FileHandle, trailer: Trailer) => Promise<T>): Promise<T | undefined> => {
    if (!ID.test(id)) return undefined;
    const file = await open(pathOf(id)).catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (!file) return undefined;
    try {
      return await use(file, await readTrailer(file, id));
    } finally {
      await file.close();
    }
  };

  async function* plaintext(trailer: Trailer, key: SubjectKey): AsyncGenerator<Uint8Array> {
    const file = await open(pathOf(trailer.id));
    try {
      yield* readAttachment(file, trailer, key);
    } finally {
      await file.close();
    }
  }

  const store: Attachments['store'] = async (content, { mediaType }) => {
    if (!(ATTACHMENT_TYPES as readonly string[]).includes(mediaType)) {
      throw invalid('attachment-type', 'mediaType', `one of ${ATTACHMENT_TYPES.join(', ')}`);
    }
    const now = Date.now();
    const id = uuidv7(now);
    const subject = attachmentSubject(id);
    const key = (await keys.ensure([subject])).get(subject)!;
    const part = join(folder, `${id}${PART}`);
    const file = await open(part, 'wx', 0o600);
    try {
      const about = { id, subject, mediaType, storedAt: new Date(now).toISOString() };
      const trailer = await writeAttachment(file, ofType(mediaType, content), randomBytes(12), key, about);
      await file.close();
      if (await mkdir(join(folder, dayOf(id)), { recursive: true, mode: 0o700 })) await syncFolder(folder);
      await rename(part, pathOf(id));
      await syncFolder(join(folder, dayOf(id)));
      return publicInfo(trailer);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
      throw error;
    }
  };

  return {
    store: (content, options) => guarded(() => store(content, options)),
    info: (id) => guarded(() => reading(id, async (_file, trailer) => publicInfo(trailer))),
    open: (id) =>
      guarded(() =>
        reading(id, async (file, trailer) => {
          const key = (await keys.find([trailer.subject])).get(trailer.subject);
          if (key === 'destroyed') return undefined;
          if (key?.id !== trailer.key) {
            throw new Rejection('data-loss', 'personal-key-missing', `The key of ${trailer.subject} is not in the key store.`, {
              facts: { id },
            });
          }
          await checkAttachment(file, trailer);
          return { info: publicInfo(trailer), content: plaintext(trailer, key) };
        }),
      ),
    storedBefore: (before, from) =>
      guarded(async () => {
        const limit = Date.parse(before);
        const start = from === undefined ? 0 : Date.parse(from);
        const within = (id: string): boolean => ID.test(id) && storedMs(id) < limit && storedMs(id) >= start;
        const found: string[] = [];
        for (const day of await days()) {
          if (Date.parse(day) < limit && Date.parse(day) + DAY_MS > start) found.push(...(await readdir(join(folder, day))).filter(within));
        }
        return found.sort();
      }),
    remove: (id) => guarded(async () => (ID.test(id) ? rm(pathOf(id), { force: true }) : undefined)),
  };
};
