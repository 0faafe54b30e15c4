import { dirname, join } from 'node:path';
import { generateProtos, lintProtos } from './proto.ts';
import { differences, readTree, writeTree } from './tree.ts';

// npm run generate [-- --check]: writes libs/contracts from proto/ and the event catalogues; with --check only compares.
const root = dirname(dirname(dirname(import.meta.dirname)));
const check = process.argv.includes('--check');

const generate = (): readonly string[] => {
  lintProtos(root);
  const folder = join(root, 'libs', 'contracts', 'src', 'gen');
  const wanted = generateProtos(root);
  const stale = differences(wanted, readTree(folder));
  if (!check) writeTree(folder, wanted);
  return stale.map((path) => `libs/contracts/src/gen/${path}`);
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
