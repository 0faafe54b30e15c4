// Runs a Sanwang program on a machine that has any Node (20 or newer) and npm, nothing else.
// Installs the locked dependencies with the pinned pnpm when pnpm-lock.yaml changed since the last
// run, then hands over to the Node 24 that they contain. Plain JavaScript: it runs on the machine's Node.
//
//   node tools/bootstrap.cjs FILE.ts [ARG ...]      a program of the workspace
//   node tools/bootstrap.cjs --bin NAME [ARG ...]   a command of a dependency
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, writeFileSync, mkdirSync } = require('node:fs');
const { join } = require('node:path');

const PNPM = 'pnpm@12.21.0';
const root = join(__dirname, '..');
const stampFile = join(root, 'node_modules', '.sanwang-stamp');

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Sanwang needs Node 20 or newer to start; this is ${process.version}.`);
  process.exit(1);
}

function fingerprint() {
  const hash = createHash('sha256').update(`${PNPM} ${process.platform} ${process.arch}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function install() {
  const wanted = fingerprint();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.error('Sanwang: installing dependencies (once; again only when the lockfile changes) …');
  const done = spawnSync(
    'npm',
    ['exec', '--yes', `--package=${PNPM}`, '--', 'pnpm', 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
      env: { ...process.env, CI: 'true' },
    },
  );
  if (done.status !== 0) {
    console.error('Sanwang: the installation failed; the lines above say why. Nothing was started.');
    process.exit(done.status || 1);
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampFile, wanted);
}

install();
const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
let args = process.argv.slice(2);
if (args[0] === '--bin') {
  const name = args[1];
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  const bin = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[name];
  args = [join(root, 'node_modules', name, bin), ...args.slice(2)];
} else if (args[0]) {
  args[0] = join(root, args[0]);
}
const child = spawn(node, args, {
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || join(root, 'node_modules', '.cache', 'compile') },
});
// Ctrl-C reaches the child by itself (same terminal); a signal sent to this process alone is passed on.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npm passes a SIGTERM to the shell between us, which dies of it without a word: then the program is to stop as well.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 500).unref();
}
child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 1);
});
