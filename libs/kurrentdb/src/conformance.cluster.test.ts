import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandHandlerConformance, eventStoreConformance } from '@sanwang/event-store/conformance';
import { openKeys } from '@sanwang/sqlite';
import { servers } from '@sanwang/testing/servers';
import { openKurrentDb } from './index.ts';

const { kurrentdb } = await servers();

eventStoreConformance('KurrentDB', async () => {
  let store = openKurrentDb(kurrentdb);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = openKurrentDb(kurrentdb));
    },
    close: () => store.close(),
  };
});

commandHandlerConformance('KurrentDB', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kurrentdb-keys-'));
  const open = () => ({ store: openKurrentDb(kurrentdb), keys: openKeys(join(folder, 'keys.db')) });
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
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
