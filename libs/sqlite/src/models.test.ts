import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelStoreConformance } from '@sanwang/read-model/conformance';
import { openModels } from './models.ts';

modelStoreConformance('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sanwang-models-'));
  let store = openModels(folder);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = openModels(folder));
    },
    async close() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
});
