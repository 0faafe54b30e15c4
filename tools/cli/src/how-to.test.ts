import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startTrial } from '@sanwang/platform/trial';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..', '..');
const curl = join(import.meta.dirname, 'fixture', 'curl.ts');

/** The page's commands as one script that ends at the first that fails; npm is this Node, curl a double where there is none. */
const scriptOf = (page: string, api: string): string => {
  const text = readFileSync(join(root, 'docs', 'how-to', page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  const prelude = [
    'set -eu',
    'node() { "$NODE" "$@"; }',
    'npm() { while [ "$1" != -- ]; do shift; done; shift; node tools/cli/src/main.ts "$@"; }',
    `command -v curl > /dev/null || curl() { node '${curl}' "$@"; }`,
  ];
  return [...prelude, ...blocks].join('\n').replace('API=http://127.0.0.1:8080', `API=${api}`);
};

test('the commands of "One task from pool to closing" do what the page says', { timeout: 120_000 }, async () => {
  const trial = await startTrial({ listen: true });
  try {
    const { stdout } = await promisify(execFile)('sh', ['-c', `${scriptOf('first-task-by-curl.md', trial.host.door!.http)}\n`], {
      cwd: root,
      env: { PATH: process.env['PATH'], NODE: process.execPath, SANWANG_DATA: trial.host.ports.layout.folder },
    });
    expect(stdout).toContain('"status":"completed"');
    const { items } = await trial.call('PatrolService/listRectifications', {});
    expect(items).toMatchObject([{ kind: 'order', status: 'reported', businessName: '张记面馆' }]);
  } finally {
    await trial.stop();
  }
});
