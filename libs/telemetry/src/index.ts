export * from './attributes.ts';
export * from './logger.ts';
export * from './metrics.ts';
export * from './observe.ts';
export * from './sdk.ts';
export * from './tracing.ts';
