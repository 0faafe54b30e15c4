export * from './bus.ts';
export { parseKafkaUrl, type KafkaAddress } from './client.ts';
export * from './topics.ts';
