export * from './eventually.ts';
export * from './decider.ts';
