import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import { itemNumber, localDate, severity, taskType, title } from '../shared/words.ts';
import { conclusionRule } from '../shared/conclusion.ts';

const item = z.object({ number: itemNumber, text: z.string().trim().min(1).max(300), severity });
export type ChecklistItem = z.infer<typeof item>;

/** A version of a checklist 检查要点表. In force from `validFrom` (local date) until a version with a later one is. */
export const checklistVersion = z.object({
  title,
  type: taskType,
  validFrom: localDate,
  items: z.array(item).min(1).max(300),
  rule: conclusionRule,
  /** Metres between sign-in and business above which a visit is marked as deviating. */
  signInRadius: z.number().int().min(10).max(100_000),
});
export type ChecklistVersion = z.infer<typeof checklistVersion>;

export const checklistEvents = {
  ChecklistPublished: defineEvent('ChecklistPublished', {
    visibility: 'private',
    description: 'A version of a checklist was published; its number is the revision + 1.',
    schema: checklistVersion,
  }),
};
export type ChecklistEvent = EventsOf<typeof checklistEvents>;
