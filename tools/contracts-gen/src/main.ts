import { dirname, join } from 'node:path';
import { generateFixture, generateProtos, lintProtos } from './proto.ts';
import { differences, readTree, writeTree, type Tree } from './tree.ts';

// npm run generate [-- --check]: writes libs/contracts from proto/ and the event catalogues; with --check only compares.
const root = dirname(dirname(dirname(import.meta.dirname)));
const check = process.argv.includes('--check');

/** Writes a generated folder, or only compares it; the paths that were stale. */
const settle = (folder: string, wanted: Tree): readonly string[] => {
  const stale = differences(wanted, readTree(join(root, folder)));
  if (!check) writeTree(join(root, folder), wanted);
  return stale.map((path) => `${folder}/${path}`);
};

const generate = (): readonly string[] => {
  lintProtos(root);
  return [
    ...settle('libs/contracts/src/gen', generateProtos(root)),
    ...settle('libs/rpc/src/fixture/gen', generateFixture(root, join(root, 'libs/rpc/src/fixture/proto'))),
  ];
};

try {
  const stale = generate();
  for (const path of stale) console.log(check ? `stale: ${path}` : `wrote ${path}`);
  if (stale.length === 0) console.log('contracts are up to date');
  else if (check) {
    console.error('libs/contracts is not what would be generated: run `npm run generate` and commit the result');
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
