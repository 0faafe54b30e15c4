import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

export const clockEvents = {
  ClockAdvanced: defineEvent('ClockAdvanced', {
    visibility: 'public',
    description: 'The clock of a simulation moved on to `to` and stands there.',
    schema: z.object({ to: z.iso.datetime({ precision: 3 }) }),
  }),
};
export type ClockEvent = EventsOf<typeof clockEvents>;
