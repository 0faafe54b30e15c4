export * from './database.ts';
export * from './models.ts';
