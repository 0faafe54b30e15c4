import { DEFAULT_PARTITIONS, DISTRICT_PARTITIONS, districtTopicOf, topicOf } from '@sanwang/messaging';
import type { ClusterData } from './cluster-data.ts';

/** What holds for every topic of the platform: nothing is thrown away, and nothing compacted. */
export const KEPT_FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const;

type Config = Readonly<Record<string, string>>;

/** A topic as it is to be. `replication` absent: the brokers' default. */
export interface DesiredTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replication?: number;
  readonly config: Config;
}
/** A topic as it stands on the brokers, with the settings that are its own. */
export interface PresentTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replication: number;
  readonly config: Config;
}
export interface TopicsPlan {
  readonly create: readonly DesiredTopic[];
  /** `config` is all that the topic is to have of its own; `changes` what of it is new. */
  readonly alter: readonly { readonly topic: string; readonly config: Config; readonly changes: Config }[];
  /** What cannot be brought about, as sentences. */
  readonly refused: readonly string[];
}

export const desiredTopics = (data: ClusterData): readonly DesiredTopic[] => {
  const common = {
    ...(data.replication !== undefined && { replication: data.replication }),
    config: { ...KEPT_FOR_EVER, ...(data.minInsyncReplicas !== undefined && { 'min.insync.replicas': String(data.minInsyncReplicas) }) },
  };
  return [
    ...data.contexts.map((context) => ({ topic: topicOf(context), partitions: DEFAULT_PARTITIONS, ...common })),
    ...data.districts.flatMap((code) =>
      data.districtContexts.map((context) => ({ topic: districtTopicOf(code, context), partitions: DISTRICT_PARTITIONS, ...common })),
    ),
  ];
};

/** What is to be done so that the brokers hold the topics as desired. Topics beside them are left alone. */
export const planTopics = (desired: readonly DesiredTopic[], present: readonly PresentTopic[]): TopicsPlan => {
  const standing = new Map(present.map((topic) => [topic.topic, topic]));
  const create: DesiredTopic[] = [];
  const alter: TopicsPlan['alter'][number][] = [];
  const refused: string[] = [];
  for (const wanted of desired) {
    const { topic, partitions, replication, config } = wanted;
    const found = standing.get(topic);
    if (!found) {
      create.push(wanted);
      continue;
    }
    if (found.partitions !== partitions) {
      refused.push(
        `${topic} has ${found.partitions} partitions, not ${partitions}: the count is fixed when a topic is made, or keys would change places. Drain it, remove it and make it anew.`,
      );
    }
    if (replication !== undefined && found.replication !== replication) {
      refused.push(`${topic} has ${found.replication} replicas, not ${replication}: move them with kafka-reassign-partitions.sh.`);
    }
    const changes = Object.fromEntries(Object.entries(config).filter(([name, value]) => found.config[name] !== value));
    if (Object.keys(changes).length > 0) alter.push({ topic, config: { ...found.config, ...config }, changes });
  }
  return { create, alter, refused };
};
