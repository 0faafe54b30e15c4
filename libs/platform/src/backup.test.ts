import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup } from './backup.ts';
import { openEmbedded, type EmbeddedPorts } from './embedded.ts';

let above: string;
let folder: string;
let ports: EmbeddedPorts;
beforeEach(async () => {
  above = mkdtempSync(join(tmpdir(), 'sanwang-backup-'));
  folder = join(above, 'data');
  ports = await openEmbedded(folder);
});
afterEach(async () => {
  await ports.close();
  rmSync(above, { recursive: true });
});

const quiet = (): void => undefined;
const keyOf = async (subject: string): Promise<Buffer> => Buffer.from((await ports.keys.ensure([subject])).get(subject)!.bytes);
/** The files of the data folder that hold the bytes; not the lock's, which reading would free. */
const holding = (bytes: Buffer): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('lock.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(bytes));

it('leaves no byte of a destroyed key in any file of the data folder, backups included', async () => {
  const [gone, kept] = [await keyOf('officer.1'), await keyOf('officer.2')];
  await backup(folder, 'one', quiet);
  await backup(folder, 'two', quiet);
  expect(holding(gone).filter((path) => path.includes('backups'))).toHaveLength(2);
  await ports.keys.destroy('officer.1');
  expect(holding(gone)).toEqual([]);
  await ports.keys.destroy('officer.1');
  expect(holding(kept).filter((path) => path.includes('backups'))).toHaveLength(2);
});

it('destroys in a backup what is erased while the backup is made', async () => {
  const gone = await keyOf('officer.1');
  await backup(folder, 'one', ({ step }) => {
    if (step === 'attachments') void ports.keys.destroy('officer.1');
  });
  expect(holding(gone)).toEqual([]);
});

it('finishes after a crash: keys destroyed here only, and a backup half made', async () => {
  const gone = await keyOf('officer.1');
  await backup(folder, 'one', quiet);
  cpSync(join(folder, 'backups', 'one'), join(above, 'aside'), { recursive: true });
  await ports.keys.destroy('officer.1');
  cpSync(join(above, 'aside'), join(folder, 'backups', 'one'), { recursive: true });
  cpSync(join(above, 'aside'), join(folder, 'backups', 'two.part'), { recursive: true });
  expect(holding(gone)).toHaveLength(2);
  await ports.close();
  ports = await openEmbedded(folder);
  expect(holding(gone)).toEqual([]);
  expect(readdirSync(join(folder, 'backups'))).toEqual(['one']);
});

it('destroys in all other backups when one is damaged, and says which; the platform starts nevertheless', async () => {
  const gone = await keyOf('officer.1');
  const damaged = join(folder, 'backups', 'damaged');
  mkdirSync(damaged, { recursive: true });
  writeFileSync(join(damaged, 'keys.db'), 'not a database, and longer than the header of one'.repeat(100));
  await backup(folder, 'one', quiet);
  await expect(ports.keys.destroy('officer.1')).rejects.toMatchObject({ reason: 'backup-keys-unavailable', facts: { backup: 'damaged' } });
  expect(holding(gone)).toEqual([]);
  await ports.close();
  ports = await openEmbedded(folder);
  await expect(ports.keys.destroy('officer.1')).rejects.toMatchObject({ reason: 'backup-keys-unavailable' });
  rmSync(damaged, { recursive: true });
  await ports.keys.destroy('officer.1');
});
