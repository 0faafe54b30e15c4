export * from './attachments.ts';
export * from './database.ts';
export * from './models.ts';
export * from './bus.ts';
export * from './eventlog.ts';
export * from './eventlog-reader.ts';
export * from './keys.ts';
export * from './lock.ts';
export { sqlReader, type Rows } from './models-query.ts';
