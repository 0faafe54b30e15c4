export * from './calendar.ts';
export * from './dates.ts';
export * from './limit.ts';
export * from './zone.ts';
