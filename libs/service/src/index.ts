export * from './define.ts';
export * from './api-shapes.ts';
