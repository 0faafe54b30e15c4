import { randomBytes } from 'node:crypto';
import { localKms } from '@sanwang/event-store';
import { keysConformance } from '@sanwang/event-store/conformance';
import type { Binary } from 'mongodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { testDatabase } from './fixture.ts';
import { openKeys } from './keys.ts';

keysConformance('MongoDB', async () => {
  const database = await testDatabase();
  const kms = localKms(randomBytes(32));
  return { keys: openKeys(database.connect(), kms), reopen: async () => openKeys(database.connect(), kms), close: () => database.drop() };
});

let database: Awaited<ReturnType<typeof testDatabase>>;
let connected: Database;
beforeEach(async () => {
  database = await testDatabase();
  connected = database.connect();
});
afterEach(() => database.drop());

it('keeps no key as it is, and nothing of a destroyed one', async () => {
  const master = randomBytes(32);
  const keys = openKeys(connected, localKms(master));
  const made = await keys.ensure(['officer.1', 'officer.2']);
  const stored = () => connected.db.collection<{ _id: string; wrapped?: Binary }>('keys').find().toArray();
  for (const { _id, wrapped } of await stored()) {
    expect(Buffer.from(wrapped!.value()).includes(Buffer.from(made.get(_id)!.bytes))).toBe(false);
  }
  await keys.destroy('officer.1');
  expect((await stored()).find(({ _id }) => _id === 'officer.1')).toEqual({ _id: 'officer.1', destroyedAt: expect.any(String) as string });
});

it('finds a key destroyed by another process destroyed at the next look-up', async () => {
  const kms = localKms(randomBytes(32));
  const [here, elsewhere] = [openKeys(connected, kms), openKeys(database.connect(), kms)];
  await here.ensure(['officer.1']);
  await here.find(['officer.1']);
  await elsewhere.destroy('officer.1');
  expect((await here.find(['officer.1'])).get('officer.1')).toBe('destroyed');
});

it('opens the keys after the master key was exchanged, and says which one is missing where it was not given', async () => {
  const [former, next] = [randomBytes(32), randomBytes(32)];
  const made = await openKeys(connected, localKms(former)).ensure(['officer.1']);
  const found = await openKeys(connected, localKms(next, former)).find(['officer.1']);
  expect(found).toEqual(made);
  await expect(openKeys(connected, localKms(next)).find(['officer.1'])).rejects.toMatchObject({
    code: 'unavailable',
    reason: 'master-key-missing',
  });
});

it('makes no key for anyone when one of the subjects was erased', async () => {
  const keys = openKeys(connected, localKms(randomBytes(32)));
  await keys.destroy('officer.1');
  await expect(keys.ensure(['officer.2', 'officer.1'])).rejects.toMatchObject({ reason: 'subject-erased' });
  expect((await keys.find(['officer.2'])).size).toBe(0);
});

it('finds thousands of keys in one call', async () => {
  const keys = openKeys(connected, localKms(randomBytes(32)));
  const subjects = Array.from({ length: 2_500 }, (_, index) => `person.${index}`);
  expect((await keys.ensure(subjects)).size).toBe(2_500);
  expect((await keys.find(subjects)).size).toBe(2_500);
});
