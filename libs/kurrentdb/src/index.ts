export { openKurrentDb } from './event-store.ts';
