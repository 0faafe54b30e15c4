import { eventually } from '@sanwang/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Rejection } from '@sanwang/kernel';
import { startFixture } from './fixtures/start.ts';
import { lockFolder } from './lock.ts';
import { testFolder } from './fixtures/folder.ts';

let folder: ReturnType<typeof testFolder>;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

const refusal = (): Rejection => {
  try {
    lockFolder(folder.path).release();
  } catch (error) {
    return error as Rejection;
  }
  throw new Error('the folder could be locked');
};

it('refuses a second process and names the first, until that is killed', async () => {
  const holder = startFixture('holding-process.ts', folder.path);
  await eventually(() => expect(holder.lines(), holder.errors()).toEqual(['locked']), 20_000);
  for (let attempt = 0; attempt < 3; attempt++) {
    const refused = refusal();
    expect(refused).toMatchObject({ code: 'failed-precondition', reason: 'data-folder-in-use', facts: { pid: holder.pid } });
    expect(refused.message).toContain(String(holder.pid));
  }
  await holder.kill();
  lockFolder(folder.path).release();
});

it('refuses a second holder in the same process, and can be taken again once released', () => {
  const lock = lockFolder(folder.path);
  expect(refusal()).toMatchObject({ facts: { pid: process.pid } });
  lock.release();
  lock.release();
  lockFolder(folder.path).release();
});
