export * from './backoff.ts';
export * from './bell.ts';
export * from './consumer.ts';
export * from './envelope.ts';
export { knownTypes, type KnownTypes } from './known.ts';
export * from './murmur2.ts';
export * from './port.ts';
export * from './relay.ts';
export * from './sink.ts';
