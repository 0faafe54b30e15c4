import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

export const subjectEvents = {
  SubjectErased: defineEvent('SubjectErased', {
    visibility: 'public',
    description: "A data subject was erased: its key is destroyed after this event, and every read model purges the subject's values.",
    schema: z.object({ subject: z.string(), reason: z.string() }),
  }),
};
export type SubjectEvent = EventsOf<typeof subjectEvents>;
