import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeFolder, temporaryFolder } from '../platform.ts';
import { startSite } from './site.ts';

// The same city, the same truth: replays the made-up city through the gateway of a cluster and compares every model's hash with an
// embedded run's report:
//   node tools/bootstrap.cjs tools/faults/src/cluster/same-city.check.ts EMBEDDED.json [-- --rows N]
// where EMBEDDED.json comes from `npm run sanwang -- replay --json EMBEDDED.json [--rows N]`. KurrentDB is a double.

const CLI = join(import.meta.dirname, '..', '..', '..', 'cli', 'src', 'main.ts');
const { positionals } = parseArgs({ allowPositionals: true });
const [embedded, ...replayed] = positionals;
if (embedded === undefined) throw new Error('expected the JSON report of an embedded replay');

interface Report {
  readonly hashes: readonly { readonly model: string; readonly live: string; readonly documents: number }[];
}
const hashesOf = (file: string): ReadonlyMap<string, string> => {
  const { hashes } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  return new Map(hashes.map(({ model, live, documents }) => [model, `${live} of ${documents} documents`]));
};

const folder = temporaryFolder();
const site = await startSite({ folder, proxied: false });
try {
  const began = performance.now();
  const report = join(folder, 'cluster.json');
  const args = [
    'replay',
    ...replayed,
    '--quiet',
    '--json',
    report,
    '--target',
    `grpcs://${site.cluster.gateway.grpc}`,
    '--ca',
    site.cluster.caFile,
  ];
  const code = await new Promise((resolve) =>
    spawn(process.execPath, [CLI, ...args], {
      stdio: 'inherit',
      env: { PATH: process.env['PATH'], SANWANG_LOCAL_ISSUER_FILE: site.cluster.issuerFile },
    }).once('close', resolve),
  );
  if (code !== 0) throw new Error(`the replay ended with ${String(code)}\n${site.lastLines()}`);
  const [one, other] = [hashesOf(embedded), hashesOf(report)];
  const differing = [...new Set([...one.keys(), ...other.keys()])].filter((model) => one.get(model) !== other.get(model));
  for (const model of differing)
    process.stdout.write(`${model}: embedded ${one.get(model) ?? 'none'}, cluster ${other.get(model) ?? 'none'}\n`);
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  process.stdout.write(
    differing.length === 0 && one.size > 0
      ? `The same city: ${one.size} models have the same hashes embedded and as a cluster (${seconds} s; KurrentDB is a double).\n`
      : `${differing.length} of ${one.size} models differ.\n`,
  );
  process.exitCode = differing.length === 0 && one.size > 0 ? 0 : 1;
} finally {
  await site.stop();
}
if (!process.exitCode) removeFolder(folder);
// A client that a server's end has left behind must not keep the process alive.
process.exit();
