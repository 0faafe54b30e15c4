export * from './database.ts';
export * from './bus.ts';
