import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'node:fs';
import { layerFaults, type Manifest } from './layers.ts';
import { importsOf, sourceFault } from './sources.ts';

const ours = (dependencies: Record<string, string> | undefined): string[] =>
  Object.keys(dependencies ?? {})
    .filter((name) => name.startsWith('@sanwang/'))
    .map((name) => name.slice('@sanwang/'.length));

/** Checks every manifest and source file below `root`. Finding no module is itself a fault. */
export const importFaults = (root: string): { readonly modules: number; readonly faults: readonly string[] } => {
  const manifests: Manifest[] = globSync('{libs,services,tools}/*/package.json', { cwd: root }).map((path) => {
    const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, Record<string, string>>;
    return {
      folder: path.slice(0, -'/package.json'.length),
      dependencies: ours(manifest['dependencies']),
      devDependencies: ours(manifest['devDependencies']),
    };
  });
  const files = globSync('{libs,services,tools}/*/src/**/*.ts', { cwd: root });
  const aggregateFolders = new Set(
    files
      .filter((file) => /^services\/(.*\/decider|[^/]+\/src\/shared\/.*)\.ts$/.test(file))
      .map((file) => file.slice(0, file.lastIndexOf('/'))),
  );
  const faults = manifests.flatMap((manifest) => layerFaults(manifest));
  for (const file of files) {
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
      const fault = sourceFault({ file, specifier }, aggregateFolders);
      if (fault) faults.push(fault);
    }
  }
  if (files.length === 0) faults.push(`no module was found below ${root}: nothing was checked`);
  return { modules: files.length, faults };
};
