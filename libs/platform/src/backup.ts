import { cp } from 'node:fs/promises';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { forbiddenByState, invalid, Rejection } from '@sanwang/kernel';
import { openKeyReader } from '@sanwang/sqlite';
import { destroyIn, UNFINISHED } from './backup-keys.ts';
import { layout, type Layout } from './embedded.ts';
import type { Progress } from './long-work.ts';

/** What a backup says of itself. */
export interface BackupManifest {
  readonly format: 1;
  readonly takenAt: string;
  /** Position of the last event of the copied log. */
  readonly head: number;
}
const MANIFEST = 'backup.json';
const ISSUER = 'issuer-key.json';

const copyFile = async (from: string, to: string): Promise<void> => {
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    await copyDatabase(source, to, { rate: 500 });
  } finally {
    source.close();
  }
};

/**
 * Copies log, keys, attachments and the local issuer's key into `backups/<name>` while the platform runs. The log first: what
 * an event needs (its keys, its photographs) was durable before it. Bus and models are not copied: they follow from the log.
 */
export const backup = async (folder: string, name: string, progress: Progress): Promise<string> => {
  const places = layout(folder);
  const target = join(places.backups, name);
  if (existsSync(target)) throw forbiddenByState('backup-exists', `There is already a backup ${name}.`);
  const draft = `${target}${UNFINISHED}`;
  rmSync(draft, { recursive: true, force: true });
  try {
    await fill(places, draft, progress);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  renameSync(draft, target);
  // From here on an erasure finds this backup by itself; what was erased while it was made is destroyed in it now.
  const keys = openKeyReader(places.keys);
  const erased = await keys.destroyed();
  await keys.close();
  await destroyIn(layout(target).keys, erased);
  progress({ step: 'done', done: 3 });
  return target;
};

const fill = async (places: Layout, draft: string, progress: Progress): Promise<void> => {
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const takenAt = new Date().toISOString();
  progress({ step: 'log', done: 0, total: 3 });
  await copyFile(places.log, join(draft, 'log.db'));
  progress({ step: 'keys', done: 1 });
  await copyFile(places.keys, join(draft, 'keys.db'));
  progress({ step: 'attachments', done: 2 });
  if (existsSync(places.attachments)) await cp(places.attachments, join(draft, 'attachments'), { recursive: true });
  if (existsSync(join(places.folder, ISSUER))) await cp(join(places.folder, ISSUER), join(draft, ISSUER));
  const log = new DatabaseSync(join(draft, 'log.db'), { readOnly: true });
  const head = (log.prepare('SELECT max(position) AS head FROM events').get()?.['head'] as number | null) ?? -1;
  log.close();
  writeFileSync(join(draft, MANIFEST), `${JSON.stringify({ format: 1, takenAt, head } satisfies BackupManifest)}\n`);
};

/**
 * Makes an empty data folder from a backup. The keys of the subjects erased since the backup was taken are destroyed before
 * anything can start on it; models and bus are then made from the log at the first start.
 */
export const restore = async (source: string, folder: string, erasedSince: readonly string[]): Promise<BackupManifest> => {
  if (!existsSync(join(source, MANIFEST))) throw invalid('not-a-backup', 'FOLDER', 'a folder that `sanwang backup` made');
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Rejection(
      'failed-precondition',
      'data-folder-not-empty',
      `${folder} is not empty; restore into an empty folder (SANWANG_DATA).`,
    );
  }
  const manifest = JSON.parse(readFileSync(join(source, MANIFEST), 'utf8')) as BackupManifest;
  if (manifest.format !== 1) throw invalid('backup-format', 'FOLDER', 'a backup of format 1');
  const draft = `${folder}.restoring`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  for (const name of ['log.db', 'keys.db', 'attachments', ISSUER]) {
    if (existsSync(join(source, name)))
      await cp(join(source, name), join(draft, name), { recursive: statSync(join(source, name)).isDirectory() });
  }
  await destroyIn(layout(draft).keys, erasedSince);
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  return manifest;
};
