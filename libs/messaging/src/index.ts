export * from './port.ts';
export * from './sink.ts';
