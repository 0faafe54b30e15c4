import { afterEach, expect, test } from 'vitest';
import { clientsOf, foundCity, people } from './city.ts';
import { hostPlatform, removeFolder, spawnPlatform, startProcess, temporaryFolder, type ProcessPlatform } from './platform.ts';

const folders: string[] = [];
const running: ProcessPlatform[] = [];
afterEach(async () => {
  for (const platform of running.splice(0)) await platform.end('SIGKILL');
  folders.splice(0).forEach(removeFolder);
});

test('a second process on the same data folder is refused with an error that says why; the first goes on', async () => {
  const folder = temporaryFolder();
  folders.push(folder);
  const first = await startProcess(folder);
  running.push(first);
  await foundCity(first);

  const second = spawnPlatform(folder);
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`The data folder ${folder} is in use by process`);
  expect(second.output()).toContain('failed-precondition/data-folder-in-use');
  await expect(hostPlatform({ folder })).rejects.toMatchObject({ reason: 'data-folder-in-use' });
  expect(await clientsOf(first, people.auditor).units.getUnit({ code: 'wg' })).toMatchObject({ kind: 'city' });

  // What the first was killed with does not keep the folder.
  await first.end('SIGKILL');
  const next = await startProcess(folder);
  running.push(next);
  expect(await clientsOf(next, people.auditor).units.getUnit({ code: 'wg' })).toMatchObject({ kind: 'city' });
  process.stdout.write(`a second start took ${(next.startedIn / 1_000).toFixed(2)} s\n`);
});
