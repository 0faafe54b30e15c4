import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import type { SuggestionEvent } from '../shared/suggestions.ts';
import {
  about,
  attachments,
  code,
  coordinates,
  counts,
  finding,
  id,
  instant,
  itemNumber,
  localDate,
  note,
  reason,
  severity,
  taskType,
  unitCode,
  visitResult,
} from '../shared/words.ts';

const inUnit = { ...about, unit: unitCode };

/** `deviation` is in metres from the business or place; `deviates` when above the checklist's radius. Neither when that is not known. */
export const signIn = coordinates.extend({
  accuracy: z.number().min(0).optional(),
  deviation: z.number().int().optional(),
  deviates: z.boolean().optional(),
});

/** Answers by result; notes and photographs 照片 only of the items that have any. */
export const recordedItems = z.object({
  conforms: z.array(itemNumber).max(300),
  notApplicable: z.array(itemNumber).max(300),
  violates: z.array(z.object({ number: itemNumber, severity, correctedOnSpot: z.boolean().optional() })).max(300),
  remarks: z
    .array(z.object({ number: itemNumber, note: note.optional(), attachments: attachments.optional() }))
    .max(300)
    .optional(),
});
export type Recorded = z.infer<typeof recordedItems>;

export const visitEvents = {
  VisitStarted: defineEvent('VisitStarted', {
    visibility: 'public',
    description: 'Officers signed in at the business or place. `startedAt` is given when it is not the time of occurrence.',
    schema: z.object({
      ...inUnit,
      taskId: id,
      type: taskType,
      recheckOf: id.optional(),
      businessName: z.string().max(200).optional(),
      placeName: z.string().max(200).optional(),
      /** The version in force on `on`, and how many items it has. */
      checklist: z.object({ code, version: z.number().int(), items: z.number().int() }),
      /** With the numbers of the certificates 执法证 shown; the first officer leads 主办. */
      officers: z
        .array(z.object({ id, certificate: z.string().max(60).optional() }))
        .min(1)
        .max(8),
      on: localDate,
      startedAt: instant.optional(),
      signIn: signIn.optional(),
    }),
  }),
  ItemsRecorded: defineEvent('ItemsRecorded', {
    visibility: 'private',
    description: 'Answers to items of the checklist; a later answer to the same item replaces the earlier one.',
    schema: recordedItems,
  }),
  VisitCompleted: defineEvent('VisitCompleted', {
    visibility: 'public',
    description:
      "The officers concluded the visit. `follows` is the result that would follow from the items, given when it is another than the officers'; then there is a reason.",
    schema: z.object({
      ...inUnit,
      taskId: id,
      type: taskType,
      officers: z.array(id).max(8),
      result: visitResult,
      follows: visitResult.optional(),
      reason: reason.optional(),
      violated: counts,
      correctedOnSpot: z.number().int(),
      note: note.optional(),
      attachments: attachments.optional(),
      completedAt: instant.optional(),
    }),
  }),
  ClueFound: defineEvent('ClueFound', {
    visibility: 'public',
    description: 'A round found something wrong: a clue 线索 for the authority, which may inspect.',
    schema: z.object({ ...inUnit, taskId: id, placeName: z.string().max(200).optional(), items: z.array(finding).max(300) }),
  }),
};
export type Started = z.infer<typeof visitEvents.VisitStarted.schema>;
export type VisitEvent = EventsOf<typeof visitEvents> | SuggestionEvent;
