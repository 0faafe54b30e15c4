import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backup, restore } from './backup.ts';
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

it.each<[string, (backup: string) => void]>([
  ['a truncated log', (path) => truncateSync(join(path, 'log.db'), statSync(join(path, 'log.db')).size - 4096)],
  ['an empty log', (path) => truncateSync(join(path, 'log.db'))],
  ['truncated keys', (path) => truncateSync(join(path, 'keys.db'), 5_000)],
  ['no keys', (path) => rmSync(join(path, 'keys.db'))],
  ['a truncated manifest', (path) => truncateSync(join(path, 'backup.json'), 10)],
  [
    'a log that ends early',
    (path) => {
      const log = new DatabaseSync(join(path, 'log.db'));
      log.exec('DELETE FROM events WHERE position = 2; PRAGMA journal_mode = DELETE');
      log.close();
    },
  ],
])('refuses to restore a backup with %s, and leaves nothing behind', async (_what, damage) => {
  await keyOf('officer.1');
  const log = new DatabaseSync(ports.layout.log);
  const insert = log.prepare(`INSERT INTO events VALUES (?, ?, 0, ?, 'Opened', ?, '{}', 'hash')`);
  for (const position of [0, 1, 2]) insert.run(position, `shops.Shop-${position}`, `${position}`, JSON.stringify('x'.repeat(9_000)));
  log.close();
  const made = await backup(folder, 'one', quiet);
  const [sound, broken] = [join(above, 'sound'), join(above, 'broken')];
  cpSync(made, broken, { recursive: true });
  expect(await restore(made, sound, [])).toMatchObject({ head: 2 });
  damage(broken);
  const target = join(above, 'restored');
  await expect(restore(broken, target, [])).rejects.toMatchObject({ code: 'data-loss', reason: 'backup-damaged' });
  expect([existsSync(target), existsSync(`${target}.restoring`)]).toEqual([false, false]);
});
