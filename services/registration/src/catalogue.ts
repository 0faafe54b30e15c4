import { defineCatalogue } from '@sanwang/kernel';
import { businessEvents } from './business/events.ts';

/** Every event type of registration. */
export const catalogue = defineCatalogue('registration', businessEvents);
