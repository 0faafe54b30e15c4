import { modelStoreConformance } from '@sanwang/read-model/conformance';
import { testDatabase } from './fixture.ts';
import { openModels } from './models.ts';

modelStoreConformance('MongoDB', async () => {
  const database = await testDatabase();
  const connected = database.connect();
  let store = openModels(connected);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = openModels(connected));
    },
    async close() {
      await store.close();
      await database.drop();
    },
  };
});
