import { busConformance } from '@sanwang/messaging/conformance';
import { leasesDouble } from '@sanwang/messaging/doubles';
import { servers } from '@sanwang/testing/servers';
import { openKafka } from './bus.ts';
import { createClient, parseKafkaUrl } from './client.ts';

busConformance('kafka', async () => {
  const { kafka } = await servers();
  const leases = leasesDouble({ leaseMs: 1_000 });
  const open = () => openKafka(kafka, { leases: leases.connect().leases });
  const admin = createClient(parseKafkaUrl(kafka), 'tests').admin();
  let bus = open();
  return {
    bus,
    async reopen() {
      await bus.close();
      bus = open();
      return bus;
    },
    async dropTopic(topic) {
      await admin.connect();
      await admin.deleteTopics({ topics: [topic] });
    },
    async close() {
      await bus.close();
      await admin.disconnect();
    },
  };
});
