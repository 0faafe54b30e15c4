export * from './config.ts';
export * from './define.ts';
