import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { generateFixture } from './proto.ts';
import { differences, readTree, writeTree } from './tree.ts';

const root = dirname(dirname(dirname(import.meta.dirname)));
const pilot = join(root, 'libs/rpc/src/fixture');
const temporary = mkdtempSync(join(tmpdir(), 'sanwang-contracts-gen-'));
afterAll(() => rmSync(temporary, { recursive: true }));

let count = 0;
/** The pilot's protos with one change. */
const changed = (from: string, to: string): string => {
  const folder = join(temporary, `protos-${count++}`);
  cpSync(join(pilot, 'proto'), folder, { recursive: true });
  const file = join(folder, 'sanwang/pilot/v1/notes.proto');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
  return folder;
};

test('the same protos give the same files', () => {
  const first = generateFixture(root, join(pilot, 'proto'));
  expect([...first.keys()].sort()).toEqual(['desc.binpb', 'google/protobuf/timestamp.ts', 'pilot.ts', 'sanwang/pilot/v1/notes.ts']);
  expect(differences(first, readTree(join(pilot, 'gen')))).toEqual([]);
});

test('a changed proto makes the generated files stale, and writing them settles it', () => {
  const folder = join(temporary, 'gen');
  writeTree(folder, readTree(join(pilot, 'gen')));
  writeFileSync(join(folder, 'left-over.ts'), '');
  const next = generateFixture(root, changed('int32 words = 1;', 'int32 words = 1;\n  int32 lines = 2;'));
  expect(differences(next, readTree(folder))).toEqual(['desc.binpb', 'left-over.ts', 'sanwang/pilot/v1/notes.ts']);
  writeTree(folder, next);
  expect(differences(next, readTree(folder))).toEqual([]);
});

test.each([
  ['a 64-bit integer', 'int32 words = 1;', 'int64 words = 1;', 'CountWordsResponse.words: no 64-bit integers'],
  ['bytes', 'string text = 1;', 'bytes text = 1;', 'CountWordsRequest.text: no bytes'],
  [
    'a oneof',
    'string text = 1;',
    'oneof kind {\n    string text = 1;\n    string url = 2;\n  }',
    'CountWordsRequest.kind: use optional fields',
  ],
  [
    'an enum',
    'message FailResponse {}',
    'message FailResponse {}\n\nenum Kind {\n  KIND_UNSPECIFIED = 0;\n}',
    'sanwang.pilot.v1.Kind: use a string',
  ],
])('refuses %s', (_, from, to, message) => {
  expect(() => generateFixture(root, changed(from, to))).toThrow(message);
});

test('hands on what buf has to say', () => {
  expect(() => generateFixture(root, changed('service NotesService', 'service Notes'))).toThrow(
    'Service name "Notes" should be suffixed with "Service"',
  );
  expect(() => generateFixture(root, changed('string text = 1;', 'text = 1;'))).toThrow('missing name in message field');
});

test('refuses a package of another name', () => {
  const folder = join(temporary, 'foreign');
  mkdirSync(join(folder, 'sanwang/a/b/v1'), { recursive: true });
  writeFileSync(join(folder, 'sanwang/a/b/v1/x.proto'), 'syntax = "proto3";\n\npackage sanwang.a.b.v1;\n\nmessage X {}\n');
  expect(() => generateFixture(root, folder)).toThrow('package must be sanwang.<context>.v<n>');
});
