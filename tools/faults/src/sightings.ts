import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The files below the folder whose bytes hold one of the words (UTF-8), as `file: word`. The lock's file is left alone: reading it would free it. */
export const sightings = (folder: string, words: readonly string[]): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'lock.db')
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      return words.filter((word) => bytes.includes(word)).map((word) => `${relative(folder, path)}: ${word}`);
    });
