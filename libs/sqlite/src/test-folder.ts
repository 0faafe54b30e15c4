import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own for one test. */
export const testFolder = (): { readonly path: string; remove(): void; holds(bytes: Uint8Array): boolean } => {
  const path = mkdtempSync(join(tmpdir(), 'sanwang-'));
  return {
    path,
    remove: () => rmSync(path, { recursive: true, force: true }),
    holds: (bytes) =>
      readdirSync(path, { recursive: true, withFileTypes: true }).some(
        (entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(Buffer.from(bytes)),
      ),
  };
};
