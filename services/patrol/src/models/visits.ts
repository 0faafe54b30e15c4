import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { attachments, taskType, visitResult } from '../shared/words.ts';
import { recordedItems, signIn, type Recorded, type VisitEvent } from '../visit/events.ts';
import { projectOwn } from './project.ts';

const document = z.object({
  id: z.string(),
  revision: z.number(),
  status: z.enum(['started', 'completed']),
  taskId: z.string(),
  type: taskType,
  recheckOf: z.string().optional(),
  businessId: z.string().optional(),
  businessName: z.string().optional(),
  placeName: z.string().optional(),
  area: z.string(),
  unit: z.string(),
  officers: z.array(z.string()),
  checklist: z.string(),
  checklistVersion: z.number(),
  visitedOn: z.string(),
  startedAt: z.string(),
  completedAt: z.string().optional(),
  signIn: signIn.optional(),
  deviates: z.boolean(),
  result: visitResult.optional(),
  follows: visitResult.optional(),
  reason: z.string().optional(),
  critical: z.number(),
  serious: z.number(),
  minor: z.number(),
  correctedOnSpot: z.number(),
  /** The answers that stand. */
  items: recordedItems,
  note: z.string().optional(),
  attachments: attachments.optional(),
});
export type VisitDocument = z.infer<typeof document>;

/** A later answer replaces the earlier one to the same item. */
const merge = (items: Recorded, later: Recorded): Recorded => {
  const answered = new Set([...later.conforms, ...later.notApplicable, ...later.violates.map((item) => item.number)]);
  const kept = (number: string): boolean => !answered.has(number);
  return {
    conforms: [...items.conforms.filter(kept), ...later.conforms],
    notApplicable: [...items.notApplicable.filter(kept), ...later.notApplicable],
    violates: [...items.violates.filter((item) => kept(item.number)), ...later.violates],
    remarks: [...(items.remarks ?? []).filter((item) => kept(item.number)), ...(later.remarks ?? [])],
  };
};

/** The visits with the answers that stand. */
export const visits: ModelDefinition<VisitDocument> = {
  context: 'patrol',
  name: 'visits',
  version: 2,
  kind: 'stream',
  schema: document,
  on: projectOwn<VisitEvent, VisitDocument>({
    begin: {
      VisitStarted: ({ checklist, officers, on, startedAt, signIn, ...visit }, event) => ({
        ...visit,
        id: event.stream.slice('patrol.Visit-'.length),
        status: 'started',
        officers: officers.map((officer) => officer.id),
        checklist: checklist.code,
        checklistVersion: checklist.version,
        visitedOn: on,
        startedAt: startedAt ?? event.at,
        signIn,
        deviates: signIn?.deviates ?? false,
        critical: 0,
        serious: 0,
        minor: 0,
        correctedOnSpot: 0,
        items: { conforms: [], notApplicable: [], violates: [] },
      }),
    },
    change: {
      ItemsRecorded: (recorded, doc) => ({ items: merge(doc.items, recorded) }),
      VisitCompleted: ({ result, follows, reason, violated, correctedOnSpot, note, attachments, completedAt }, _doc, event) => ({
        status: 'completed',
        result,
        follows,
        reason,
        ...violated,
        correctedOnSpot,
        note,
        attachments,
        completedAt: completedAt ?? event.at,
      }),
    },
  }),
  // What follows the leading fields is there to be filtered on while the index is scanned.
  indexes: [
    { name: 'started', fields: ['startedAt', 'status', 'type', 'result', 'deviates'] },
    { name: 'day', fields: ['visitedOn', 'result'] },
    { name: 'unit', fields: ['unit', 'visitedOn'] },
    { name: 'business', fields: ['businessId', 'visitedOn'] },
    { name: 'task', fields: ['taskId'] },
  ],
  search: (doc) => [doc.businessName, doc.placeName].filter((text) => text !== undefined),
  scope: { area: 'area', unit: 'unit', owner: 'officers' },
};
