import { defineCatalogue } from '@sanwang/kernel';
import { noteEvents } from './note/events.ts';

/** Every event type of the notes. */
export const catalogue = defineCatalogue('notes', noteEvents);
