export * from './aggregate.ts';
export * from './catalogue.ts';
export * from './clock.ts';
export * from './event.ts';
export * from './ids.ts';
export * from './personal.ts';
export * from './rejection.ts';
export * from './same.ts';
