import { describe, expect, it } from 'vitest';
import { desiredAcls, describeRule, planAcls, type AclRule } from './acls.ts';
import { ClusterData } from './cluster-data.ts';
import { desiredTopics, KEPT_FOR_EVER, planTopics, type PresentTopic } from './topics.ts';

const data = ClusterData.parse({
  contexts: ['patrol', 'registration'],
  replication: 3,
  minInsyncReplicas: 2,
  districts: ['440304', '440305'],
  districtContexts: ['registration'],
  users: {
    services: { patrol: 'sanwang-patrol', registration: 'sanwang-registration' },
    bureaus: [{ user: 'bureau-futian', districts: ['440304'], group: 'bureau.440304.' }],
  },
});
const config = { ...KEPT_FOR_EVER, 'min.insync.replicas': '2' };

describe('topics as data', () => {
  const present = (changed: Partial<PresentTopic> = {}): PresentTopic[] =>
    desiredTopics(data).map(({ topic, partitions }) => ({ topic, partitions, replication: 3, config, ...changed }));

  it('are those of each context and of each district, kept for ever', () => {
    expect(desiredTopics(data)).toEqual([
      { topic: 'sanwang.patrol.v1', partitions: 16, replication: 3, config },
      { topic: 'sanwang.registration.v1', partitions: 16, replication: 3, config },
      { topic: 'sanwang.district.440304.registration.v1', partitions: 3, replication: 3, config },
      { topic: 'sanwang.district.440305.registration.v1', partitions: 3, replication: 3, config },
    ]);
  });

  it('are made where they are missing, and nothing is to be done a second time', () => {
    expect(planTopics(desiredTopics(data), [])).toEqual({ create: desiredTopics(data), alter: [], refused: [] });
    expect(planTopics(desiredTopics(data), present())).toEqual({ create: [], alter: [], refused: [] });
  });

  it('get their settings back, and keep those that the data does not speak of', () => {
    const [topic, ...rest] = present();
    const strayed = { ...topic!, config: { ...config, 'cleanup.policy': 'compact', 'max.message.bytes': '2000000' } };
    expect(planTopics(desiredTopics(data), [strayed, ...rest]).alter).toEqual([
      { topic: topic!.topic, config: { ...config, 'max.message.bytes': '2000000' }, changes: { 'cleanup.policy': 'delete' } },
    ]);
  });

  it('refuse another number of partitions or replicas in a sentence, and change neither', () => {
    const [topic, ...rest] = present();
    const plan = planTopics(desiredTopics(data), [{ ...topic!, partitions: 6, replication: 1 }, ...rest]);
    expect(plan).toMatchObject({ create: [], alter: [] });
    expect(plan.refused).toEqual([
      expect.stringContaining('sanwang.patrol.v1 has 6 partitions, not 16'),
      expect.stringContaining('sanwang.patrol.v1 has 1 replicas, not 3'),
    ]);
  });
});

describe('rights as data', () => {
  it('let a bureau read its district in its own groups, and nothing else', () => {
    expect(
      desiredAcls(data)
        .filter(({ principal }) => principal === 'User:bureau-futian')
        .map(describeRule),
    ).toEqual(['User:bureau-futian may read topic sanwang.district.440304.*', 'User:bureau-futian may read group bureau.440304.*']);
  });

  it('let a service write to its own topics only', () => {
    const writes = desiredAcls(data).filter(({ operation }) => operation === 'write');
    expect(writes.map(describeRule)).toEqual([
      'User:sanwang-patrol may write topic sanwang.patrol.v1',
      'User:sanwang-registration may write topic sanwang.registration.v1',
      'User:sanwang-registration may write topic sanwang.district.440304.registration.v1',
      'User:sanwang-registration may write topic sanwang.district.440305.registration.v1',
    ]);
  });

  it('are added and taken away until the brokers have those of the data, and no others on its topics', () => {
    const [first, ...rest] = desiredAcls(data);
    const rule = (changed: Partial<AclRule>): AclRule => ({ ...first!, ...changed });
    const stray = [
      rule({ principal: 'User:gone', name: 'sanwang.patrol.v1', operation: 'read' }),
      rule({ principal: 'User:bureau-futian', resource: 'group', name: 'other.', pattern: 'prefixed', operation: 'read' }),
    ];
    const others = [rule({ principal: 'User:metrics', resource: 'cluster', name: 'kafka-cluster', operation: 'describe' })];
    expect(planAcls(data, [...rest, ...stray, ...others])).toEqual({ add: [first], remove: stray });
    expect(planAcls(data, [...desiredAcls(data), ...others])).toEqual({ add: [], remove: [] });
  });

  it('are left as they are where the data names no users', () => {
    expect(planAcls({ ...data, users: undefined }, [{ ...desiredAcls(data)[0]!, principal: 'User:gone' }])).toEqual({
      add: [],
      remove: [],
    });
  });
});
