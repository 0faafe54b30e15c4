import { leasesDouble } from '@sanwang/messaging/doubles';
import { districtTopicOf, type Bus } from '@sanwang/messaging';
import { eventually } from '@sanwang/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaAdministration, type KafkaAdministration } from './administration.ts';
import { openKafka } from './bus.ts';
import { ClusterData } from './cluster-data.ts';
import { startKafkaTestbed, type KafkaTestbed } from './testbed.ts';

const SOON = 30_000;
const data = ClusterData.parse({
  contexts: ['registration'],
  districts: ['440304', '440305'],
  districtContexts: ['registration'],
  users: {
    services: { registration: 'service-registration' },
    bureaus: [
      { user: 'bureau-futian', districts: ['440304'], group: 'bureau.440304.' },
      { user: 'bureau-nanshan', districts: ['440305'], group: 'bureau.440305.' },
    ],
  },
});
const own = districtTopicOf('440304', 'registration');
const next = districtTopicOf('440305', 'registration');
const message = (n: number) => ({ key: 'a', headers: { ce_id: String(n) }, value: `{"n":${n}}` });
const denied = { code: 'permission-denied', reason: 'bus-permission-denied' };

describe('topics and rights as data, on brokers with TLS, passwords and rights', () => {
  let testbed: KafkaTestbed;
  let administration: KafkaAdministration;
  const buses: Bus[] = [];
  const as = (user: string): Bus => {
    const bus = openKafka(testbed.urlOf(user), { leases: leasesDouble().connect().leases });
    buses.push(bus);
    return bus;
  };
  beforeAll(async () => {
    const users = ['admin', 'service-registration', 'bureau-futian', 'bureau-nanshan'];
    testbed = await startKafkaTestbed({ users: Object.fromEntries(users.map((user) => [user, `${user}-secret`])) });
    administration = openKafkaAdministration(testbed.urlOf('admin'));
    await administration.apply(await administration.plan(data));
  });
  afterAll(async () => {
    for (const bus of buses) await bus.close();
    await administration.close();
    await testbed.stop();
  });

  const reading = (bus: Bus, group: string, topic: string) => {
    const received: string[] = [];
    const abort = new AbortController();
    const consume = (): Promise<void> =>
      bus.consume({
        group,
        topics: [topic],
        from: async () => 0,
        handle: async (messages) => void received.push(...messages.map(({ value }) => value)),
        signal: abort.signal,
      });
    // A broker just started does not answer for its groups yet.
    const again = (error: unknown): Promise<void> =>
      /is loading/.test(String(error)) ? consume().catch(again) : Promise.reject(error as Error);
    return { received, done: consume().catch(again), stop: () => abort.abort() };
  };

  it('stand after one apply: a second plan has nothing to do, and says which users an administrator must make', async () => {
    await eventually(async () => {
      const plan = await administration.plan(data);
      expect(plan).toMatchObject({ topics: { create: [], alter: [], refused: [] }, acls: { add: [], remove: [] } });
      expect(plan.byHand).toHaveLength(3);
      expect(plan.byHand[1]).toContain('--entity-name bureau-futian --add-config');
    }, SOON);
  });

  it('let the service write, and the bureau read its own topic in its own groups', async () => {
    await as('service-registration').send(own, [message(1), message(2)]);
    const { received, done, stop } = reading(as('bureau-futian'), 'bureau.440304.inbox', own);
    await eventually(() => expect(received).toEqual(['{"n":1}', '{"n":2}']), SOON);
    stop();
    await done;
  });

  it("deny a bureau the next one's topic, a group that is not its own, and any writing", async () => {
    const bureau = as('bureau-futian');
    await expect(bureau.topicInfo(next)).rejects.toMatchObject(denied);
    await expect(reading(bureau, 'bureau.440304.inbox', next).done).rejects.toMatchObject(denied);
    await expect(reading(bureau, 'bureau.440305.inbox', own).done).rejects.toThrow('no right to the group');
    await expect(bureau.send(own, [message(3)])).rejects.toMatchObject(denied);
    await expect(bureau.topicInfo('sanwang.registration.v1')).rejects.toMatchObject(denied);
  });

  it('say that a password is wrong, with the broker', async () => {
    const wrong = openKafka(testbed.urlOf('bureau-futian').replace('bureau-futian-secret', 'guess'), {
      leases: leasesDouble().connect().leases,
    });
    buses.push(wrong);
    await expect(wrong.topicInfo(own)).rejects.toMatchObject({
      ...denied,
      message: expect.stringMatching(/Kafka at localhost:\d+: .*[Aa]uthentication/),
    });
  });

  it('say that the authority is not the one that signed', async () => {
    const untrusting = openKafka(testbed.urlOf('bureau-futian').replace(/&ca=.*/, ''), { leases: leasesDouble().connect().leases });
    buses.push(untrusting);
    await expect(untrusting.topicInfo(own)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('certificate') });
  });

  it('take rights away that the data no longer gives, and bring settings back', async () => {
    const without = { ...data, users: { ...data.users!, bureaus: data.users!.bureaus.slice(1) } };
    const plan = await administration.plan(without);
    expect(plan.acls).toMatchObject({ add: [], remove: [{ principal: 'User:bureau-futian', resource: 'topic' }] });
    await administration.apply(plan);
    await eventually(async () => {
      await expect(as('bureau-futian').topicInfo(own)).rejects.toMatchObject(denied);
    }, SOON);
  });
});
