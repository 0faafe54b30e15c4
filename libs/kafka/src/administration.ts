import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { setTimeout as delay } from 'node:timers/promises';
import { planAcls, type AclRule, type AclsPlan } from './acls.ts';
import { createBroker } from './broker.ts';
import { createClient, parseKafkaUrl } from './client.ts';
import type { ClusterData } from './cluster-data.ts';
import { desiredTopics, planTopics, type PresentTopic, type TopicsPlan } from './topics.ts';

export interface ClusterPlan {
  readonly topics: TopicsPlan;
  readonly acls: AclsPlan;
  /** Commands for an administrator: a password is nothing that is kept as data, and kafkajs cannot set one. */
  readonly byHand: readonly string[];
}

/** Brings a Kafka cluster to what the data says. Failures are the bus's Rejections. */
export interface KafkaAdministration {
  plan(data: ClusterData): Promise<ClusterPlan>;
  /** Carries a plan out; done again, the next plan is empty. */
  apply(plan: ClusterPlan): Promise<void>;
  close(): Promise<void>;
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs;
const OF_THE_TOPIC = 1;

export const openKafkaAdministration = (url: string, clientId = 'sanwang-topics'): KafkaAdministration => {
  const address = parseKafkaUrl(url);
  const broker = createBroker(createClient(address, clientId), address.brokers);

  const presentTopics = async (names: readonly string[]): Promise<readonly PresentTopic[]> => {
    const there: string[] = [];
    for (const name of names) if (await broker.topicInfo(name)) there.push(name);
    if (there.length === 0) return [];
    return broker.admin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: there });
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: there.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
      });
      const configs = new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]));
      return topics.map(({ name, partitions }) => ({
        topic: name,
        partitions: partitions.length,
        replication: partitions[0]?.replicas.length ?? 0,
        config: Object.fromEntries(
          (configs.get(name) ?? [])
            .filter(({ configSource }) => Number(configSource) === OF_THE_TOPIC)
            .map(({ configName, configValue }) => [configName, configValue]),
        ),
      }));
    });
  };

  return {
    async plan(data) {
      const desired = desiredTopics(data);
      const topics = planTopics(desired, await presentTopics(desired.map(({ topic }) => topic)));
      const acls = planAcls(data, data.users ? await broker.admin(presentAcls) : []);
      return { topics, acls, byHand: usersByHand(data, address.brokers) };
    },
    async apply({ topics, acls }) {
      for (const { topic, partitions, replication, config } of topics.create) {
        await broker.makeTopic(topic, partitions, config, replication);
        while (!(await broker.topicInfo(topic))) await delay(50);
      }
      await broker.admin(async (admin) => {
        // Names all settings of a topic: the request that kafkajs has puts back to its default what it does not name.
        for (const { topic, config } of topics.alter) {
          const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
          await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }] });
        }
        if (acls.add.length > 0) await admin.createAcls({ acl: acls.add.map(entryOf) });
        if (acls.remove.length > 0) await admin.deleteAcls({ filters: acls.remove.map(entryOf) });
      });
    },
    close: () => broker.close(),
  };
};

const presentAcls = async (admin: Admin): Promise<readonly AclRule[]> => {
  const any = { operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY };
  const { resources } = await admin.describeAcls({ resourceType: AclResourceTypes.ANY, ...any });
  return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => ruleOf({ ...resource, ...acl })));
};

const RESOURCES = [
  ['topic', AclResourceTypes.TOPIC],
  ['group', AclResourceTypes.GROUP],
  ['cluster', AclResourceTypes.CLUSTER],
  ['transactional-id', AclResourceTypes.TRANSACTIONAL_ID],
] as const;

const operationOf = (operation: number): string =>
  (Object.entries(AclOperationTypes).find(([, value]) => value === operation)?.[0] ?? 'unknown').toLowerCase().replaceAll('_', '-');

const ruleOf = (entry: AclEntry): AclRule => ({
  principal: entry.principal,
  permission: entry.permissionType === AclPermissionTypes.DENY ? 'deny' : 'allow',
  operation: operationOf(entry.operation),
  resource: RESOURCES.find(([, type]) => type === entry.resourceType)?.[0] ?? 'other',
  name: entry.resourceName,
  pattern: entry.resourcePatternType === ResourcePatternTypes.PREFIXED ? 'prefixed' : 'literal',
  host: entry.host,
});

const entryOf = (rule: AclRule): AclEntry => ({
  principal: rule.principal,
  host: rule.host,
  operation: AclOperationTypes[rule.operation.toUpperCase().replaceAll('-', '_') as keyof typeof AclOperationTypes],
  permissionType: rule.permission === 'deny' ? AclPermissionTypes.DENY : AclPermissionTypes.ALLOW,
  resourceType: RESOURCES.find(([name]) => name === rule.resource)?.[1] ?? AclResourceTypes.UNKNOWN,
  resourceName: rule.name,
  resourcePatternType: rule.pattern === 'prefixed' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
});

const usersByHand = ({ users }: ClusterData, brokers: readonly string[]): readonly string[] =>
  [...new Set([...Object.values(users?.services ?? {}), ...(users?.bureaus ?? []).map(({ user }) => user)])].map(
    (user) =>
      `kafka-configs.sh --bootstrap-server ${brokers.join(',')} --alter --entity-type users --entity-name ${user} --add-config 'SCRAM-SHA-512=[password=…]'`,
  );
