import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SubjectKey } from '@sanwang/event-store';
import { restore } from '@sanwang/platform';
import { afterEach, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { fateOf, live, sayTo } from './lives.ts';
import { hostPlatform, removeFolder, temporaryFolder, type HostedPlatform } from './platform.ts';
import { holding } from './sightings.ts';
import { faultsFound, finished } from './verified.ts';
import { seeded } from '@sanwang/messaging/chaos';

const folders: string[] = [];
const platforms: HostedPlatform[] = [];
afterEach(async () => {
  for (const platform of platforms.splice(0)) await platform.host.drain();
  folders.splice(0).forEach(removeFolder);
});
const aFolder = (): string => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
};
const hosted = async (folder: string): Promise<HostedPlatform> => {
  const platform = await hostPlatform({ folder });
  platforms.push(platform);
  return platform;
};

test('a backup taken under load is restored elsewhere without the subjects erased since, and its models equal the log', async () => {
  const platform = await hosted(aFolder());
  await foundCity(platform);
  await live({ name: 'first', district: 'north', end: 'order', contact: 'Ann' }, sayTo(platform));
  const random = seeded(5);
  let loading = true;
  const load = Promise.all(
    Array.from({ length: 6 }, async (_, worker) => {
      for (let n = 0; loading; n++) await live(fateOf(`b${worker}-${n}`, random), sayTo(platform));
    }),
  );
  const { operations, erasure } = clientsOf(platform, people.operator);
  const { result } = await finished(platform, (await operations.startBackup({ name: 'one' })).operation);
  loading = false;
  await load;
  await expect(finished(platform, (await operations.startBackup({ name: 'one' })).operation)).rejects.toThrow('backup-exists');
  // After the backup, which still has the key.
  const { contact } = await clientsOf(platform, people.registrar).businesses.getBusiness({ id: 'local.wg.first' });
  const subject = contact!.subject;
  const key = (await platform.host.ports.keys.find([subject])).get(subject) as SubjectKey;
  expect(holding(platform.folder, key.bytes)).toContain(join(result, 'keys.db'));
  const taken = join(aFolder(), 'taken');
  cpSync(result, taken, { recursive: true });
  await erasure.eraseSubject({ id: subject, reason: 'asked for' });
  // Erased is erased in the data folder's own backups too; of a copy taken elsewhere, the restore must know.
  expect(holding(platform.folder, key.bytes)).toEqual([]);
  expect(holding(taken, key.bytes)).toHaveLength(1);

  const elsewhere = join(aFolder(), 'restored');
  const manifest = await restore(taken, elsewhere, [subject]);
  expect(manifest.head).toBeGreaterThan(20);
  expect(holding(elsewhere, key.bytes)).toEqual([]);
  const restored = await hosted(elsewhere);
  await restored.settled();
  expect(await restored.host.ports.store.head('')).toBe(manifest.head);
  const first = await clientsOf(restored, people.registrar).businesses.getBusiness({ id: 'local.wg.first' });
  expect(first).toMatchObject({ name: '面馆 first', contact: { subject, erased: true } });
  expect(await faultsFound(restored)).toEqual([]);
  await live({ name: 'next', district: 'south', end: 'corrected' }, sayTo(restored));

  await expect(restore(result, elsewhere, [])).rejects.toMatchObject({ reason: 'data-folder-not-empty' });
  await expect(restore(aFolder(), `${elsewhere}-2`, [])).rejects.toMatchObject({ reason: 'not-a-backup' });
  expect(existsSync(`${elsewhere}-2`)).toBe(false);
});
