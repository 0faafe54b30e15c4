import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  attachmentsConformance,
  checkpointsConformance,
  commandHandlerConformance,
  eventStoreConformance,
  keysConformance,
} from '@sanwang/event-store/conformance';
import { openAttachments } from './attachments.ts';
import { openCheckpoints } from './checkpoints.ts';
import { openEventLog } from './eventlog.ts';
import { openKeys } from './keys.ts';
import { testFolder } from './fixtures/folder.ts';

eventStoreConformance('SQLite', async () => {
  const folder = testFolder();
  const path = join(folder.path, 'log.db');
  let store = openEventLog(path);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = openEventLog(path));
    },
    async damage(stream, revision) {
      const intruder = new DatabaseSync(path);
      intruder.prepare(`UPDATE events SET data = replace(data, '2', '3') WHERE stream = ? AND revision = ?`).run(stream, revision);
      intruder.close();
    },
    async close() {
      await store.close();
      folder.remove();
    },
  };
});

keysConformance('SQLite', async () => {
  const folder = testFolder();
  const path = join(folder.path, 'keys.db');
  let keys = openKeys(path);
  return {
    keys,
    async reopen() {
      await keys.close();
      return (keys = openKeys(path));
    },
    holds: async (bytes) => folder.holds(bytes),
    async close() {
      await keys.close();
      folder.remove();
    },
  };
});

checkpointsConformance('SQLite', async () => {
  const folder = testFolder();
  const path = join(folder.path, 'checkpoints.db');
  let checkpoints = openCheckpoints(path);
  return {
    checkpoints,
    async reopen() {
      await checkpoints.close();
      return (checkpoints = openCheckpoints(path));
    },
    async close() {
      await checkpoints.close();
      folder.remove();
    },
  };
});

attachmentsConformance('files', async () => {
  const folder = testFolder();
  const keys = openKeys(join(folder.path, 'keys.db'));
  const path = join(folder.path, 'attachments');
  return {
    attachments: await openAttachments(path, keys),
    keys,
    reopen: () => openAttachments(path, keys),
    async damage(id) {
      const name = readdirSync(path, { recursive: true, encoding: 'utf8' }).find((one) => one.endsWith(id))!;
      const file = openSync(join(path, name), 'r+');
      const byte = Buffer.alloc(1);
      readSync(file, byte, 0, 1, 70_000);
      byte[0]! ^= 1;
      writeSync(file, byte, 0, 1, 70_000);
      closeSync(file);
    },
    holds: async (bytes) => folder.holds(bytes),
    async close() {
      await keys.close();
      folder.remove();
    },
  };
});

commandHandlerConformance('SQLite', async () => {
  const folder = testFolder();
  const open = () => ({ store: openEventLog(join(folder.path, 'log.db')), keys: openKeys(join(folder.path, 'keys.db')) });
  let opened = open();
  const close = async (): Promise<void> => {
    await opened.store.close();
    await opened.keys.close();
  };
  return {
    ...opened,
    async reopen() {
      await close();
      return (opened = open());
    },
    async close() {
      await close();
      folder.remove();
    },
  };
});
