import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Catalogue } from '@sanwang/kernel';

/** The catalogues of all services: each exports `catalogue` from `services/<context>/src/catalogue.ts`. Sorted by context. */
export const loadCatalogues = async (root: string): Promise<readonly Catalogue[]> => {
  const files = globSync('services/*/src/catalogue.ts', { cwd: root });
  const loaded = await Promise.all(
    files.map(async (file) => {
      const { catalogue } = (await import(pathToFileURL(join(root, file)).href)) as { catalogue?: Catalogue };
      if (!catalogue) throw new Error(`${file} does not export \`catalogue\``);
      return catalogue;
    }),
  );
  return loaded.toSorted((a, b) => (a.context < b.context ? -1 : 1));
};
