import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextsHere, trialSecrets } from '@sanwang/cluster';
import { localKms, type EventStore } from '@sanwang/event-store';
import { uuidv7 } from '@sanwang/kernel';
import { createClient, openKafka, parseKafkaUrl } from '@sanwang/kafka';
import { openKurrentDb } from '@sanwang/kurrentdb';
import { topicOf, type Bus } from '@sanwang/messaging';
import { openMongo, type MongoPorts } from '@sanwang/mongodb';
import { MongoClient } from 'mongodb';
import { startDoubleProcess } from './double-process.ts';

/** Running servers: Kafka without a topic of the platform's, MongoDB, where a database of the bench's own is made. */
export interface ServerUrls {
  readonly kafka: string;
  readonly mongodb: string;
}

/** The ports over the servers, and the servers themselves for the floors. */
export interface BenchServers {
  readonly urls: { readonly kurrentdb: string; readonly kafka: string; readonly mongodb: string };
  /** Where `startCluster` keeps its secrets, with the master key of `mongo`. */
  readonly folder: string;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly mongo: MongoPorts;
  readonly kafka: ReturnType<typeof createClient>;
  readonly database: ReturnType<MongoClient['db']>;
  /** Removes what the bench has made on the servers. */
  close(): Promise<void>;
}

/** Topics of relay rounds that no service knows. */
export const ROUND_TOPIC = 'bench.relay.';

/** Connects to the servers and starts the double of KurrentDB below a folder. Refuses a Kafka that others use. */
export const openServers = async (given: ServerUrls, scratch: string): Promise<BenchServers> => {
  const kafka = createClient(parseKafkaUrl(given.kafka), 'sanwang-bench');
  const admin = kafka.admin();
  await admin.connect();
  const ours = new Set(contextsHere().map(topicOf));
  const topics = async (): Promise<string[]> =>
    (await admin.listTopics()).filter((topic) => ours.has(topic) || topic.startsWith(ROUND_TOPIC));
  const there = await topics();
  if (there.length > 0) {
    await admin.disconnect();
    throw new Error(`this Kafka is in use, the bench needs one without the platform's topics: ${there.join(', ')}`);
  }
  const folder = join(scratch, 'cluster');
  const secrets = await trialSecrets(join(folder, 'secrets'), contextsHere());
  const masterKey = Buffer.from(readFileSync(secrets('gateway')['SANWANG_MASTER_KEY_FILE']!, 'utf8').trim(), 'base64');
  const address = new URL(given.mongodb);
  address.pathname = `/sanwang-bench-${uuidv7().slice(-12)}`;
  const client = await new MongoClient(address.href).connect();
  const mongo = await openMongo(address.href, { kms: localKms(masterKey) });
  const double = startDoubleProcess();
  const { connectionString } = await double.ask('start', { data: join(scratch, 'kurrentdb-double') });
  const store = openKurrentDb(connectionString);
  const bus = openKafka(given.kafka, { leases: mongo.leases, clientId: 'sanwang-bench' });
  return {
    urls: { kurrentdb: connectionString, kafka: given.kafka, mongodb: address.href },
    folder,
    store,
    bus,
    mongo,
    kafka,
    database: client.db(),
    async close() {
      await bus.close();
      await store.close();
      await double.ask('stop', undefined);
      await double.stop();
      await mongo.close();
      await client.db().dropDatabase();
      await client.close();
      const made = await topics();
      if (made.length > 0) await admin.deleteTopics({ topics: made });
      await admin.disconnect();
    },
  };
};
