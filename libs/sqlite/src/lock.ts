import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Rejection } from '@sanwang/kernel';

/** Holds a data folder until it is released or the process ends. */
export interface FolderLock {
  release(): void;
}

const BUSY = 5;

/**
 * One process per data folder (made if need be). The operating system frees the lock when the holder dies, however it dies.
 * Never copy or read `lock.db` while it is held: closing a descriptor of it would free the lock.
 * Throws `failed-precondition/data-folder-in-use` (facts: `pid`, when known) while another process, or this one, holds it.
 */
export const lockFolder = (folder: string): FolderLock => {
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'lock.pid');
  const lock = new DatabaseSync(join(folder, 'lock.db'));
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error instanceof Error && 'errcode' in error && error.errcode === BUSY)) throw error;
    const pid = readPid(pidFile);
    throw new Rejection(
      'failed-precondition',
      'data-folder-in-use',
      `The data folder ${folder} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}; stop it first or choose another folder (SANWANG_DATA).`,
      { facts: pid === undefined ? {} : { pid } },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      if (!lock.isOpen) return;
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
};

const readPid = (file: string): number | undefined => {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
};
