export * from './bus.double.ts';
export * from './leases.double.ts';
export * from './log.double.ts';
export * from './sink.double.ts';
