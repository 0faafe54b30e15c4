import { mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attachmentInfo,
  attachmentKey,
  attachmentStoredMs,
  beginAttachment,
  checkAttachment,
  isAttachmentId,
  openAttachment,
  sealAttachment,
  type Attachments,
  type Keys,
  type SealedAttachment,
  type SubjectKey,
} from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { appendTrailer, readCiphertext, readTrailer } from './attachment-file.ts';

const PART = '.part';
const DAY_MS = 86_400_000;

/** Files lie in one folder per day of storing. */
const dayOf = (id: string): string => new Date(attachmentStoredMs(id)).toISOString().slice(0, 10);

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

/**
 * Attachments as encrypted files (AES-256-GCM, each under a key of its own) below `folder`: written aside, synced, then renamed
 * into place. What a crash left half written is removed when the folder is opened.
 */
export const openAttachments = async (folder: string, keys: Pick<Keys, 'find' | 'ensure'>): Promise<Attachments> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pathOf = (id: string): string => join(folder, dayOf(id), id);
  const days = async (): Promise<readonly string[]> => (await readdir(folder)).filter((name) => /^\d{4}-\d\d-\d\d$/.test(name)).sort();
  for (const name of await readdir(folder)) if (name.endsWith(PART)) await rm(join(folder, name));

  const reading = async <T>(id: string, use: (file: FileHandle, sealed: SealedAttachment) => Promise<T>): Promise<T | undefined> => {
    if (!isAttachmentId(id)) return undefined;
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

  async function* plaintext(sealed: SealedAttachment, key: SubjectKey): AsyncGenerator<Uint8Array> {
    const file = await open(pathOf(sealed.id));
    try {
      yield* openAttachment(sealed, key, readCiphertext(file, sealed));
    } finally {
      await file.close();
    }
  }

  const store: Attachments['store'] = async (content, { mediaType }) => {
    const begun = await beginAttachment(keys, mediaType);
    const { id } = begun.about;
    const part = join(folder, `${id}${PART}`);
    const file = await open(part, 'wx', 0o600);
    try {
      const sealed = await sealAttachment(begun, content, (ciphertext) => file.appendFile(ciphertext));
      await appendTrailer(file, sealed);
      await file.sync();
      await file.close();
      if (await mkdir(join(folder, dayOf(id)), { recursive: true, mode: 0o700 })) await syncFolder(folder);
      await rename(part, pathOf(id));
      await syncFolder(join(folder, dayOf(id)));
      return attachmentInfo(sealed);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
      throw error;
    }
  };

  return {
    store: (content, options) => guarded(() => store(content, options)),
    info: (id) => guarded(() => reading(id, async (_file, sealed) => attachmentInfo(sealed))),
    open: (id) =>
      guarded(() =>
        reading(id, async (file, sealed) => {
          const key = await attachmentKey(keys, sealed);
          if (!key) return undefined;
          await checkAttachment(sealed, readCiphertext(file, sealed));
          return { info: attachmentInfo(sealed), content: plaintext(sealed, key) };
        }),
      ),
    storedBefore: (before, from) =>
      guarded(async () => {
        const limit = Date.parse(before);
        const start = from === undefined ? 0 : Date.parse(from);
        const within = (id: string): boolean => isAttachmentId(id) && attachmentStoredMs(id) < limit && attachmentStoredMs(id) >= start;
        const found: string[] = [];
        for (const day of await days()) {
          if (Date.parse(day) < limit && Date.parse(day) + DAY_MS > start) found.push(...(await readdir(join(folder, day))).filter(within));
        }
        return found.sort();
      }),
    remove: (id) => guarded(async () => (isAttachmentId(id) ? rm(pathOf(id), { force: true }) : undefined)),
  };
};
