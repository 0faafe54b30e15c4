import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importFaults } from './imports.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

const run = (command: string, args: readonly string[], cwd = root): boolean => {
  const done = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error) process.stderr.write(`${command}: ${done.error.message}\n`);
  return done.status === 0;
};

const imports = (): boolean => {
  const { modules, faults } = importFaults(root);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.stdout.write(`${modules} modules looked at\n`);
  return faults.length === 0;
};

/** Everything that must hold for a commit, in the order of what fails most. One command, the same for a person and for CI. */
const checks: readonly (readonly [string, () => boolean])[] = [
  ['types', () => run(bin('tsc'), ['--noEmit', '-p', 'tsconfig.json'])],
  ['lint', () => run(bin('oxlint'), ['--deny-warnings', '.'])],
  ['format', () => run(bin('prettier'), ['--check', '--log-level', 'warn', '.'])],
  ['imports', imports],
  ['contracts', () => run(process.execPath, [join(root, 'tools/contracts-gen/src/main.ts'), '--check'])],
];

const failed: string[] = [];
for (const [name, check] of checks) {
  const start = Date.now();
  const ok = check();
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`);
  if (!ok) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`check failed: ${failed.join(', ')}\n`);
  process.exit(1);
}
