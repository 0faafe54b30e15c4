import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Generated files by path relative to their folder, with `/` between the parts. */
export type Tree = ReadonlyMap<string, Uint8Array>;

export const readTree = (folder: string): Map<string, Uint8Array> => {
  const files = new Map<string, Uint8Array>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(
      path
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
      readFileSync(path),
    );
  }
  return files;
};

/** The paths at which two trees differ: changed, missing or superfluous. Sorted. */
export const differences = (wanted: Tree, found: Tree): readonly string[] =>
  [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((path) => {
      const [a, b] = [wanted.get(path), found.get(path)];
      return !a || !b || Buffer.compare(a, b) !== 0;
    })
    .sort();

/** Makes the folder hold exactly the tree; files that are already right are not touched. */
export const writeTree = (folder: string, tree: Tree): void => {
  const found = readTree(folder);
  for (const path of differences(tree, found)) {
    const content = tree.get(path);
    const file = join(folder, path);
    if (!content) {
      rmSync(file);
      continue;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
};
