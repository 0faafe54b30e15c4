import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Keys } from '@sanwang/event-store';
import { openKeyReader, openKeys } from './keys.ts';
import { testFolder } from './fixtures/folder.ts';

let folder: ReturnType<typeof testFolder>;
let path: string;
let keys: Keys;
beforeEach(() => {
  folder = testFolder();
  path = join(folder.path, 'keys.db');
  keys = openKeys(path);
});
afterEach(async () => {
  await keys.close();
  folder.remove();
});

it('lets nobody but its owner read the key file and what belongs to it', async () => {
  await keys.ensure(['officer.1']);
  const files = readdirSync(folder.path);
  expect(files).toEqual(expect.arrayContaining(['keys.db', 'keys.db-wal']));
  for (const file of files) expect(statSync(join(folder.path, file)).mode & 0o077).toBe(0);
});

it('shows a reader beside it new keys, and destroyed ones as destroyed, though it looked them up before', async () => {
  const made = (await keys.ensure(['officer.1'])).get('officer.1');
  const reader = openKeyReader(path);
  expect((await reader.find(['officer.1'])).get('officer.1')).toEqual(made);
  await keys.ensure(['officer.2']);
  await keys.destroy('officer.1');
  const found = await reader.find(['officer.1', 'officer.2']);
  expect(found.get('officer.1')).toBe('destroyed');
  expect(found.get('officer.2')).not.toBe('destroyed');
  expect(await reader.destroyed()).toEqual(['officer.1']);
  await reader.close();
});

it('makes no key for anyone when one of the subjects was erased', async () => {
  await keys.destroy('officer.1');
  await expect(keys.ensure(['officer.2', 'officer.1'])).rejects.toMatchObject({ reason: 'subject-erased' });
  expect((await keys.find(['officer.2'])).size).toBe(0);
});

it.each([10, 700, 5_000])('leaves no byte of destroyed keys in any page, with subjects of about %i characters', async (size) => {
  const subjects = Array.from({ length: 400 }, (_, index) => `person.${index}.${'x'.repeat((size * (1 + (index % 7))) / 4)}`);
  const made = new Map<string, Buffer>();
  for (let start = 0; start < subjects.length; start += 1 + (start % 40)) {
    for (const [subject, { bytes }] of await keys.ensure(subjects.slice(start, start + 1 + (start % 40))))
      made.set(subject, Buffer.from(bytes));
  }
  const gone = subjects.filter((_, index) => index % 4 === 1);
  for (const subject of gone) await keys.destroy(subject);
  const contents = Buffer.concat(readdirSync(folder.path).map((file) => readFileSync(join(folder.path, file))));
  expect(gone.filter((subject) => contents.includes(made.get(subject)!))).toEqual([]);
  expect(contents.includes(made.get(subjects[2]!)!)).toBe(true);
});
