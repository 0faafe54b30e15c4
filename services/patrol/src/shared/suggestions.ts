import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import { about, finding, id, note, unitCode } from './words.ts';

const suggested = z.object({
  ...about,
  unit: unitCode,
  taskId: id,
  items: z.array(finding).max(300),
  note: note.optional(),
});

/** What a finding sets off in the other nets. Recorded on the stream of the visit (`patrol.Visit-…`), or of the order that was not obeyed (`patrol.Rectification-…`). */
export const suggestions = {
  SamplingSuggested: defineEvent('SamplingSuggested', {
    visibility: 'public',
    description: 'A finding of an inspection calls for a sample (testing net 检测网).',
    schema: suggested,
  }),
  CaseSuggested: defineEvent('CaseSuggested', {
    visibility: 'public',
    description: 'A finding of an inspection, or an order that was not obeyed, calls for a case (enforcement net 执法网).',
    schema: suggested,
  }),
};
export type SuggestionEvent = EventsOf<typeof suggestions>;
