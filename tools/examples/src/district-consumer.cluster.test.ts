import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uuidv7 } from '@sanwang/kernel';
import { districtTopicOf, partitionOf, DISTRICT_PARTITIONS, type Bus, type OutgoingMessage } from '@sanwang/messaging';
import { busDouble } from '@sanwang/messaging/doubles';
import { projectionSink } from '@sanwang/read-model';
import { registration } from '@sanwang/registration';
import { districtModel, openDistrictPublisher } from '@sanwang/service';
import { openModels } from '@sanwang/sqlite';
import { createMetrics } from '@sanwang/telemetry';
import { servers } from '@sanwang/testing/servers';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';

const CONSUMER = join(import.meta.dirname, '..', 'district-consumer', 'consumer.mjs');
const district = `sz-${uuidv7().slice(-8)}`;
const other = `${district}-other`;
let folder: string;
let kafka: kafkajs.Kafka;
let brokers: string;
let producer: kafkajs.Producer;

/** A bus that sends to the real brokers; the rest of it nobody asks for here. */
const sendingTo = (bus: Bus): Bus => ({
  ...bus,
  async send(topic: string, messages: readonly OutgoingMessage[]) {
    for (const { key, headers, value } of messages)
      await producer.send({ topic, messages: [{ key, headers: { ...headers }, value, partition: partitionOf(key, DISTRICT_PARTITIONS) }] });
  },
});

let position = 0;
const event = (stream: string, revision: number, type: string, data: unknown) => ({
  context: stream.slice(0, stream.indexOf('.')),
  type,
  version: 1,
  visibility: 'public' as const,
  stream,
  id: uuidv7(),
  revision,
  position: position++,
  at: '2026-11-24T00:00:00.000Z',
  recordedAt: '2026-11-24T00:00:00.000Z',
  actor: 'a',
  commandId: 'c',
  correlationId: 'c',
  data,
});
const unit = (code: string, kind: string, areas: string[], parent?: string) =>
  event(`directory.Unit-${code}`, 0, 'UnitRegistered', {
    code,
    kind,
    name: code,
    areas,
    validFrom: '2020-01-01',
    ...(parent && { parent }),
  });
const shop = (id: string, area: string) =>
  event(`registration.Business-${id}`, 0, 'BusinessRegistered', {
    businessId: id,
    area,
    number: { kind: 'local', value: id },
    name: `面馆 ${id}`,
    businessType: 'restaurant',
    address: '1 号',
    licences: [],
    contact: { subject: 'contact.x', key: 'k', iv: 'i', data: 'CANARY' },
    source: 'entry',
  });
const moved = (id: string, revision: number, area: string) =>
  event(`registration.Business-${id}`, revision, 'BusinessMoved', { businessId: id, area, address: '2 号', previousArea: '1101' });

let publish: (events: readonly ReturnType<typeof event>[]) => Promise<void>;
let close: () => Promise<void>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'district-consumer-'));
  brokers = (await servers()).kafka.replace(/^kafka:\/\//, '').replace(/\?.*$/, '');
  kafka = new kafkajs.Kafka({ clientId: 'district-consumer-test', brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  for (const code of [district, other])
    await admin.createTopics({
      topics: [{ topic: districtTopicOf(code, 'registration'), numPartitions: DISTRICT_PARTITIONS }],
      waitForLeaders: false,
    });
  await admin.disconnect();
  producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();

  const models = openModels(join(folder, 'models'));
  const declaration = registration.district!;
  const definition = districtModel(declaration);
  const bus = sendingTo(busDouble().connect());
  const publisher = await openDistrictPublisher({ declaration, definition, models, bus, now: () => undefined, metrics: createMetrics() });
  const sink = projectionSink(definition, await models.live(definition), { find: async () => new Map() });
  publish = (events) => publisher.apply(sink, events, []);
  close = () => models.close();
});
afterAll(async () => {
  await producer.disconnect();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [district, other].map((code) => districtTopicOf(code, 'registration')) });
  await admin.disconnect();
  await close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the consumer as a bureau's programmer would; answers what it printed, and the objects that its file holds. */
const read = async (code: string): Promise<{ printed: string; objects: string[] }> => {
  const state = join(folder, `${code}.json`);
  const options = ['--brokers', brokers, '--district', code, '--contexts', 'registration', '--state', state, '--once'];
  const { stdout } = await promisify(execFile)(process.execPath, [CONSUMER, ...options], { timeout: 90_000 });
  const { objects } = JSON.parse(readFileSync(state, 'utf8')) as { objects: Record<string, { state?: unknown; object?: { id: string } }> };
  return {
    printed: stdout,
    objects: Object.values(objects)
      .flatMap(({ state: known, object }) => (known && object ? [object.id] : []))
      .sort(),
  };
};

test('a bureau reads its own objects, goes on where it was, and sees them leave', async () => {
  await publish([unit('sz', 'city', ['1']), unit(district, 'district', ['11'], 'sz'), unit(other, 'district', ['12'], 'sz')]);
  await publish([shop('a', '1101'), shop('b', '1102'), shop('c', '1201')]);
  const first = await read(district);
  expect(first.objects).toEqual(['a', 'b']);
  expect(first.printed).toContain('面馆 a');
  expect(readFileSync(join(folder, `${district}.json`), 'utf8')).not.toContain('CANARY');

  await publish([moved('a', 1, '1202'), moved('c', 1, '1103')]);
  expect((await read(district)).objects).toEqual(['b', 'c']);
  expect((await read(other)).objects).toEqual(['a']);
});

test('what comes again changes nothing', async () => {
  const consumer = kafka.consumer({ groupId: `again-${uuidv7()}` });
  const topic = districtTopicOf(district, 'registration');
  const messages: kafkajs.KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      async eachMessage({ message }) {
        if (messages.push(message) === 4) resolve();
      },
    });
  });
  await consumer.disconnect();
  for (const { key, headers, value } of messages)
    await producer.send({
      topic,
      messages: [{ key, headers: headers!, value, partition: partitionOf(String(key), DISTRICT_PARTITIONS) }],
    });
  expect((await read(district)).objects).toEqual(['b', 'c']);
});
