import { cp, open, readdir } from 'node:fs/promises';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { forbiddenByState, invalid, Rejection } from '@sanwang/kernel';
import { openDatabase, openEventLogReader, openKeyReader } from '@sanwang/sqlite';
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
/** With the write-ahead log of the keys: a crash may have left in it that a key was destroyed. */
const COPIED = ['log.db', 'checkpoints.db', 'keys.db', 'keys.db-wal', 'attachments', ISSUER];

const copyFile = async (from: string, to: string): Promise<void> => {
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    await copyDatabase(source, to, { rate: 500 });
  } finally {
    source.close();
  }
};

const sync = async (path: string): Promise<void> => {
  const handle = await open(path);
  await handle.sync().finally(() => handle.close());
};
/** Brings a folder and all that is in it to the disk. */
const syncAll = async (folder: string): Promise<void> => {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) await sync(join(entry.parentPath, entry.name));
  await sync(folder);
};

/**
 * Copies log, keys, attachments and the local issuer's key into `backups/<name>` while the platform runs. The log first: what
 * an event needs (its keys, its photographs) was durable before it; its checkpoints before it, so that none is ahead of it. Bus and models are not copied: they follow from the log.
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
  await sync(places.backups);
  await sync(folder);
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
  if (existsSync(places.checkpoints)) await copyFile(places.checkpoints, join(draft, 'checkpoints.db'));
  await copyFile(places.log, join(draft, 'log.db'));
  progress({ step: 'keys', done: 1 });
  await copyFile(places.keys, join(draft, 'keys.db'));
  progress({ step: 'attachments', done: 2 });
  if (existsSync(places.attachments)) await cp(places.attachments, join(draft, 'attachments'), { recursive: true });
  if (existsSync(join(places.folder, ISSUER))) await cp(join(places.folder, ISSUER), join(draft, ISSUER));
  const log = openEventLogReader(join(draft, 'log.db'));
  const head = await log.head('');
  await log.close();
  await syncAll(draft);
  // The manifest last: without it a folder is no backup.
  writeFileSync(join(draft, MANIFEST), `${JSON.stringify({ format: 1, takenAt, head } satisfies BackupManifest)}\n`, { flush: true });
  await sync(draft);
};

const damaged = (what: string, cause?: unknown): Rejection =>
  new Rejection('data-loss', 'backup-damaged', `The backup is damaged: ${what}. Nothing was restored; take another backup.`, { cause });

/** Throws `data-loss/backup-damaged` unless the copied log and keys are sound and the log reaches what the manifest says. */
const checkCopies = async (places: Layout, manifest: BackupManifest): Promise<void> => {
  for (const [what, path] of Object.entries({ log: places.log, keys: places.keys, checkpoints: places.checkpoints })) {
    if (!existsSync(path)) throw damaged(`it has no ${what}`);
    let faults: readonly unknown[];
    try {
      const database = openDatabase(path, { durability: 'full', readOnly: true });
      try {
        faults = database.prepare('PRAGMA integrity_check').all().flatMap(Object.values);
      } finally {
        database.close();
      }
    } catch (cause) {
      throw damaged(`its ${what} cannot be read`, cause);
    }
    if (faults.join() !== 'ok') throw damaged(`its ${what} is not sound (${String(faults[0])})`);
  }
  const log = openEventLogReader(places.log);
  const head = await log
    .head('')
    .catch((cause: unknown) => {
      throw damaged('its log has no events table', cause);
    })
    .finally(() => log.close());
  if (head !== manifest.head) throw damaged(`its log ends at position ${head}, not ${manifest.head}`);
};

const manifestOf = (source: string): BackupManifest => {
  try {
    return JSON.parse(readFileSync(join(source, MANIFEST), 'utf8')) as BackupManifest;
  } catch (cause) {
    throw damaged(`its ${MANIFEST} cannot be read`, cause);
  }
};

/**
 * Makes an empty data folder from a backup. The keys of the subjects erased since the backup was taken are destroyed before
 * anything can start on it; models and bus are then made from the log at the first start. Throws `data-loss/backup-damaged`.
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
  const manifest = manifestOf(source);
  if (manifest.format !== 1) throw invalid('backup-format', 'FOLDER', 'a backup of format 1');
  const draft = `${folder}.restoring`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  try {
    for (const name of COPIED) {
      if (existsSync(join(source, name)))
        await cp(join(source, name), join(draft, name), { recursive: statSync(join(source, name)).isDirectory() });
    }
    await checkCopies(layout(draft), manifest);
    await destroyIn(layout(draft).keys, erasedSince);
    await syncAll(draft);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  await sync(dirname(folder));
  return manifest;
};
