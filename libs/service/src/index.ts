export * from './addresses.ts';
export * from './api-shapes.ts';
export * from './config.ts';
export * from './define.ts';
export * from './district/index.ts';
export * from './running-model.ts';
export * from './start-service.ts';
export { endsOnce } from './stall-watch.ts';
export { every } from './every.ts';
