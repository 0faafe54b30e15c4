import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandHandlerConformance, eventStoreConformance } from '@sanwang/event-store/conformance';
import { openKeys } from '@sanwang/sqlite';
import { startKurrentDbDouble } from './double.ts';
import { openKurrentDb } from './index.ts';

eventStoreConformance('KurrentDB (double)', async () => {
  const double = await startKurrentDbDouble();
  let store = openKurrentDb(double.connectionString);
  return {
    store,
    async reopen() {
      await store.close();
      await double.restart();
      return (store = openKurrentDb(double.connectionString));
    },
    async damage(stream, revision) {
      double.damage(stream, revision, (data) => data.replace('2', '3'));
    },
    async close() {
      await store.close();
      await double.close();
    },
  };
});

commandHandlerConformance('KurrentDB (double)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kurrentdb-keys-'));
  const double = await startKurrentDbDouble();
  const open = () => ({ store: openKurrentDb(double.connectionString), keys: openKeys(join(folder, 'keys.db')) });
  let opened = open();
  const close = async (): Promise<void> => {
    await opened.store.close();
    await opened.keys.close();
  };
  return {
    ...opened,
    async reopen() {
      await close();
      await double.restart();
      return (opened = open());
    },
    async close() {
      await close();
      await double.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
