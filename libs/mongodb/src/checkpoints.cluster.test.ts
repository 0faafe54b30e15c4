import { checkpointsConformance } from '@sanwang/event-store/conformance';
import { openCheckpoints, prepareCheckpoints } from './checkpoints.ts';
import { testDatabase } from './fixture.ts';

checkpointsConformance('MongoDB', async () => {
  const database = await testDatabase();
  const connected = database.connect();
  await prepareCheckpoints(connected);
  return {
    checkpoints: openCheckpoints(connected),
    reopen: async () => openCheckpoints(database.connect()),
    close: () => database.drop(),
  };
});
