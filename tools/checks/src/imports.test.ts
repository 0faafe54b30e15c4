import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { importFaults } from './imports.ts';

const folders: string[] = [];
const tree = (files: Record<string, string>): string => {
  const root = mkdtempSync(join(tmpdir(), 'imports-'));
  folders.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
};
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));
const manifest = (dependencies: string[], devDependencies: string[] = []): string =>
  JSON.stringify({
    dependencies: Object.fromEntries(dependencies.map((name) => [name, 'workspace:*'])),
    devDependencies: Object.fromEntries(devDependencies.map((name) => [name, 'workspace:*'])),
  });

describe('the import rules refuse', () => {
  test.each([
    [
      'a kernel that imports a port',
      { 'libs/kernel/package.json': manifest(['@sanwang/event-store']) },
      'libs/kernel must not depend on @sanwang/event-store',
    ],
    [
      'a port that imports an adapter',
      { 'libs/messaging/package.json': manifest(['@sanwang/sqlite']) },
      'libs/messaging must not depend on @sanwang/sqlite',
    ],
    [
      'a service that imports an adapter',
      { 'services/patrol/package.json': manifest(['@sanwang/sqlite']) },
      'services/patrol must not depend on @sanwang/sqlite',
    ],
    [
      'a service that imports another service',
      { 'services/patrol/package.json': manifest(['@sanwang/registration']) },
      'services/patrol must not depend on @sanwang/registration',
    ],
    [
      'a service that tests against another service',
      { 'services/patrol/package.json': manifest([], ['@sanwang/registration']) },
      'services/patrol must not depend on @sanwang/registration, not even in tests',
    ],
    [
      'a lib that no layer places',
      { 'libs/misc/package.json': manifest([]) },
      'libs/misc: a lib that tools/checks/src/layers.ts does not place; say what it may import',
    ],
    [
      'a service that knows how it is run, elsewhere than in its main.ts',
      {
        'services/patrol/src/main.ts': "import { run } from '@sanwang/platform';",
        'services/patrol/src/patrol.ts': "import '@sanwang/platform';",
      },
      'services/patrol/src/patrol.ts: only main.ts of a service, and tests, import @sanwang/platform',
    ],
    [
      'a relative reach into another package',
      { 'libs/a/src/x.ts': "import { y } from '../../b/src/y.ts';" },
      'libs/a/src/x.ts: reaches into another package by ../../b/src/y.ts',
    ],
    [
      'a reach past the exports',
      { 'libs/a/src/x.ts': "import { y } from '@sanwang/b/src/y.ts';" },
      'libs/a/src/x.ts: reaches past the exports of @sanwang/b/src/y.ts',
    ],
    [
      'an aggregate that imports a port',
      { 'services/patrol/src/task/decider.ts': '', 'services/patrol/src/task/events.ts': "import { x } from '@sanwang/event-store';" },
      'services/patrol/src/task/events.ts: an aggregate imports kernel and statutory only, not @sanwang/event-store',
    ],
    [
      'an aggregate that imports another aggregate',
      { 'services/patrol/src/task/decider.ts': "export { y } from '../visit/events.ts';" },
      'services/patrol/src/task/decider.ts: an aggregate imports kernel and statutory only, not ../visit/events.ts',
    ],
    [
      'a shared vocabulary that imports an aggregate',
      { 'services/patrol/src/shared/words.ts': "import { y } from '../visit/events.ts';" },
      'services/patrol/src/shared/words.ts: an aggregate imports kernel and statutory only, not ../visit/events.ts',
    ],
  ])('%s', (_name, files, fault) => {
    const found = importFaults(tree({ 'libs/a/src/index.ts': '', ...files }));
    expect(found.faults).toEqual([fault]);
  });

  test('a tree in which it saw no module', () => {
    expect(importFaults(tree({ 'README.md': '' })).faults).toHaveLength(1);
  });
});

test('the import rules stay quiet about what is allowed', () => {
  const root = tree({
    'services/patrol/package.json': manifest(['@sanwang/kernel', '@sanwang/event-store'], ['@sanwang/testing', '@sanwang/platform']),
    'services/patrol/src/task/decider.ts':
      "import { z } from 'zod';\nimport { fold } from '@sanwang/kernel';\nimport './events.ts';\nimport '../shared/words.ts';",
    'services/patrol/src/api/tasks.ts': "import { task } from '../task/decider.ts';",
  });
  expect(importFaults(root)).toEqual({ modules: 2, faults: [] });
});
