// Reads a district's topics of Sanwang and keeps its objects in a file. Needs Node 20 and kafkajs, nothing else:
//   npm install kafkajs
//   node consumer.mjs --brokers kafka.example:9093 --district sz-futian --user bureau-futian --password-file pw --ca ca.crt
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import kafkajs from 'kafkajs';
import { openObjects } from './objects.mjs';

const { values: args } = parseArgs({
  options: {
    brokers: { type: 'string' }, // host:port, several joined by commas
    district: { type: 'string' }, // the bureau's unit code
    contexts: { type: 'string', default: 'registration,patrol' },
    user: { type: 'string' }, // absent: no password, no TLS (a test broker)
    'password-file': { type: 'string' },
    ca: { type: 'string' }, // PEM of the authority that signed the brokers' certificates
    group: { type: 'string' }, // begins with the prefix that the bureau was given
    state: { type: 'string', default: 'objects.json' },
    once: { type: 'boolean', default: false }, // read what there is, print, end
  },
});
for (const name of ['brokers', 'district'])
  if (!args[name]) {
    console.error(`--${name} is missing`);
    process.exit(2);
  }

const topics = args.contexts.split(',').map((context) => `sanwang.district.${args.district}.${context}.v1`);
const secured = args.user && {
  ssl: args.ca ? { ca: [readFileSync(args.ca, 'utf8')] } : true,
  sasl: { mechanism: 'scram-sha-512', username: args.user, password: readFileSync(args['password-file'], 'utf8').trim() },
};
const kafka = new kafkajs.Kafka({
  clientId: `district-consumer-${args.district}`,
  brokers: args.brokers.split(','),
  logLevel: kafkajs.logLevel.ERROR,
  retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: Number.MAX_SAFE_INTEGER },
  ...secured,
});
const objects = openObjects(args.state);

const print = () => {
  const rows = objects.all().map(({ kind, object, revision, state }) => ({
    kind,
    id: object.id,
    revision,
    status: state.status,
    area: state.area,
    what: state.name ?? state.title ?? state.businessName ?? state.placeName ?? '',
  }));
  console.table(rows.sort((left, right) => `${left.kind} ${left.id}`.localeCompare(`${right.kind} ${right.id}`)));
};

const consumer = kafka.consumer({
  groupId: args.group ?? `bureau.${args.district}.reader`,
  sessionTimeout: 10_000,
  heartbeatInterval: 1_000,
});
// A right that was taken away, or an error that kafkajs does not get over, ends the consumer for good: so does the process.
consumer.on(consumer.events.CRASH, ({ payload }) => {
  if (payload.restart) return;
  console.error(`the consumer has ended: ${payload.error.message}`);
  process.exit(1);
});

/** Partitions that still hold something, when everything there is is to be read once. */
const waiting = new Set();
if (args.once) {
  const admin = kafka.admin();
  await admin.connect();
  for (const topic of topics)
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      if (BigInt(high) > BigInt(objects.offsetOf(topic, partition))) waiting.add(`${topic}/${partition}@${high}`);
  await admin.disconnect();
}
const stop = async () => {
  objects.save();
  await consumer.disconnect();
  print();
  process.exit(0);
};
const reached = (topic, partition, next) => {
  for (const one of waiting) if (one.startsWith(`${topic}/${partition}@`) && BigInt(next) >= BigInt(one.split('@')[1])) waiting.delete(one);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
if (args.once && waiting.size === 0) await stop();

await consumer.connect();
await consumer.subscribe({ topics, fromBeginning: true });
// The file says where to go on; what the group has committed only shows the lag to those who run the brokers.
consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  for (const [topic, partitions] of Object.entries(payload.memberAssignment))
    for (const partition of partitions) consumer.seek({ topic, partition, offset: objects.offsetOf(topic, partition) });
});
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  async eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }) {
    if (!isRunning() || isStale()) return;
    let taken = 0;
    for (const message of batch.messages) if (objects.take(batch.topic, batch.partition, message)) taken++;
    objects.save();
    const next = objects.offsetOf(batch.topic, batch.partition);
    resolveOffset(batch.lastOffset());
    await consumer.commitOffsets([{ topic: batch.topic, partition: batch.partition, offset: next }]);
    await heartbeat();
    console.log(`${batch.topic}/${batch.partition}: ${batch.messages.length} messages, ${taken} new; ${objects.all().length} objects`);
    reached(batch.topic, batch.partition, next);
    if (args.once && waiting.size === 0) setImmediate(() => void stop());
  },
});
