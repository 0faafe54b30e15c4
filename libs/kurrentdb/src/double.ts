export { startKurrentDbDouble, type KurrentDbDouble, type KurrentDbDoubleOptions } from './double/start.ts';
export type { DoubleFaults } from './double/faults.ts';
