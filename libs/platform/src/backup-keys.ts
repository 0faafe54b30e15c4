import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Keys } from '@sanwang/event-store';
import { Rejection } from '@sanwang/kernel';
import { openKeys } from '@sanwang/sqlite';

/** A backup that is being made; the one who makes it takes care of its keys. */
export const UNFINISHED = '.part';

const namesIn = (backups: string): readonly string[] =>
  existsSync(backups)
    ? readdirSync(backups, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
    : [];

/**
 * Destroys the keys of these subjects in every backup below `backups`, where they still stand. Doing it again changes nothing.
 * Throws `unavailable/backup-keys-unavailable` (facts: `backup`) after it has done all others.
 */
export const destroyInBackups = async (backups: string, subjects: readonly string[]): Promise<void> => {
  let failure: Rejection | undefined;
  for (const name of namesIn(backups)) {
    const path = join(backups, name, 'keys.db');
    if (name.endsWith(UNFINISHED) || !existsSync(path)) continue;
    try {
      await destroyIn(path, subjects);
    } catch (cause) {
      failure ??= new Rejection(
        'unavailable',
        'backup-keys-unavailable',
        `The keys of the backup ${name} cannot be opened, and may still hold what was erased; remove that backup, then erase again.`,
        { facts: { backup: name }, cause },
      );
    }
  }
  if (failure) throw failure;
};

/** Destroys the keys of these subjects in one copied key file. */
export const destroyIn = async (path: string, subjects: readonly string[]): Promise<void> => {
  const keys = openKeys(path);
  try {
    const gone = new Set(await keys.destroyed());
    for (const subject of subjects) if (!gone.has(subject)) await keys.destroy(subject);
  } finally {
    await keys.close();
  }
};

/** What a crash left: unfinished backups are removed, and what was erased is destroyed in the others. */
const finishBackups = async (backups: string, keys: Keys): Promise<void> => {
  for (const name of namesIn(backups)) if (name.endsWith(UNFINISHED)) rmSync(join(backups, name), { recursive: true });
  try {
    await destroyInBackups(backups, await keys.destroyed());
  } catch (error) {
    // A damaged backup must not keep the platform from starting: the next erasure tries, and tells, again.
    if (!(error instanceof Rejection)) throw error;
  }
};

/** The keys, which are destroyed in the backups below `backups` too. Only who holds the folder's lock may open them so. */
export const keysWithBackups = async (keys: Keys, backups: string): Promise<Keys> => {
  await finishBackups(backups, keys);
  return {
    ...keys,
    async destroy(subject) {
      // First here: of a backup that is being made, whichever comes second destroys the copy's key.
      await keys.destroy(subject);
      await destroyInBackups(backups, await keys.destroyed());
    },
  };
};
