import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import type { SuggestionEvent } from '../shared/suggestions.ts';
import { about, attachments, finding, id, instant, localDate, note, reason, unitCode } from '../shared/words.ts';

const object = { ...about, businessId: id, unit: unitCode };
const issued = z.object({
  ...object,
  businessName: z.string().max(200).optional(),
  visitId: id,
  taskId: id,
  items: z.array(finding).min(1).max(300),
  note: note.optional(),
  /** Those of the visit that found the fault. */
  officers: z.array(id).max(8).optional(),
});

/** A limit 期限: its last local day, and the last instant of that day in the city's time zone. */
const limit = z.object({ dueOn: localDate, due: instant });
export type Limit = z.infer<typeof limit>;

export const rectificationEvents = {
  RectificationOrdered: defineEvent('RectificationOrdered', {
    visibility: 'public',
    description: 'The business was ordered in writing to correct findings within a limit 责令限期改正.',
    schema: issued.extend({ limit }),
  }),
  CorrectedOnTheSpot: defineEvent('CorrectedOnTheSpot', {
    visibility: 'public',
    description: 'Findings were corrected on the spot 当场改正, under the eyes of the officers; nothing remains to be done.',
    schema: issued,
  }),
  CorrectionReported: defineEvent('CorrectionReported', {
    visibility: 'public',
    description: 'The business reported that it has corrected the findings; a recheck is to confirm it.',
    schema: z.object({ ...object, late: z.boolean(), note: note.optional(), attachments: attachments.optional() }),
  }),
  RectificationOverdue: defineEvent('RectificationOverdue', {
    visibility: 'public',
    description: 'The limit passed without a correction being reported or confirmed 逾期未改正.',
    schema: z.object({ ...object, ...limit.shape }),
  }),
  RectificationRechecked: defineEvent('RectificationRechecked', {
    visibility: 'public',
    description: 'A recheck 复查 found the findings corrected or not; if not, there is a new limit, or a case is suggested.',
    schema: z.object({
      ...object,
      recheckVisitId: id,
      result: z.enum(['corrected', 'not-corrected']),
      late: z.boolean(),
      newLimit: limit.optional(),
      note: note.optional(),
    }),
  }),
  RectificationCancelled: defineEvent('RectificationCancelled', {
    visibility: 'public',
    description: 'The order was withdrawn.',
    schema: z.object({ ...object, reason }),
  }),
};
export type RectificationEvent = EventsOf<typeof rectificationEvents> | SuggestionEvent;
export type Issued = z.infer<typeof issued>;
