import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

export const noteEvents = {
  NoteWritten: defineEvent('NoteWritten', {
    visibility: 'private',
    description: 'A note was left for a unit.',
    schema: z.object({ unit: z.string(), text: z.string() }),
  }),
};
export type NoteEvent = EventsOf<typeof noteEvents>;
