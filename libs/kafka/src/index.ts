export { describeRule, desiredAcls, planAcls, type AclRule, type AclsPlan } from './acls.ts';
export * from './administration.ts';
export * from './bus.ts';
export { createClient, parseKafkaUrl, type KafkaAddress } from './client.ts';
export * from './cluster-data.ts';
export * from './topics.ts';
