import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every file below the folder with its bytes. The lock's file is left alone: reading it would free it. */
const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'lock.db')
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path, bytes: readFileSync(path) };
    });

/** The files below the folder whose bytes hold one of the words (UTF-8), as `file: word`. */
export const sightings = (folder: string, words: readonly string[]): string[] =>
  files(folder).flatMap(({ path, bytes }) =>
    words.filter((word) => bytes.includes(word)).map((word) => `${relative(folder, path)}: ${word}`),
  );

/** The paths of the files below the folder that hold these bytes. */
export const holding = (folder: string, bytes: Uint8Array): string[] =>
  files(folder).flatMap((file) => (file.bytes.includes(Buffer.from(bytes)) ? [file.path] : []));
