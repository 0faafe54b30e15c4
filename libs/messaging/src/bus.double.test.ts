import { busConformance } from './conformance.ts';
import { busDouble } from './bus.double.ts';

busConformance('double', async () => {
  const server = busDouble();
  let bus = server.connect();
  return {
    bus,
    async reopen() {
      await bus.close();
      bus = server.connect();
      return bus;
    },
    dropTopic: server.dropTopic,
    close: () => bus.close(),
  };
});
