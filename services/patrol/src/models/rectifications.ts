import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import type { RectificationEvent } from '../rectification/events.ts';
import { attachments, finding } from '../shared/words.ts';
import { projectOwn } from './project.ts';

const document = z.object({
  id: z.string(),
  revision: z.number(),
  kind: z.enum(['order', 'on-the-spot']),
  status: z.enum(['ordered', 'overdue', 'reported', 'corrected', 'referred', 'cancelled']),
  businessId: z.string(),
  businessName: z.string().optional(),
  area: z.string(),
  unit: z.string(),
  visitId: z.string(),
  taskId: z.string(),
  items: z.array(finding),
  /** Those of the visit: the order is theirs also when they have moved to another unit. */
  officers: z.array(z.string()).optional(),
  dueOn: z.string().optional(),
  dueAt: z.string().optional(),
  overdue: z.boolean(),
  late: z.boolean(),
  recheckVisitId: z.string().optional(),
  rechecks: z.number(),
  note: z.string().optional(),
  /** Of the reported correction. */
  attachments: attachments.optional(),
  reason: z.string().optional(),
  issuedAt: z.string(),
  reportedAt: z.string().optional(),
  closedAt: z.string().optional(),
});
export type RectificationDocument = z.infer<typeof document>;

const idOf = (stream: string): string => stream.slice('patrol.Rectification-'.length);
const fresh = { overdue: false, late: false, rechecks: 0 };

/** The orders and the corrections on the spot. */
export const rectifications: ModelDefinition<RectificationDocument> = {
  context: 'patrol',
  name: 'rectifications',
  version: 3,
  kind: 'stream',
  schema: document,
  on: projectOwn<RectificationEvent, RectificationDocument>({
    begin: {
      RectificationOrdered: ({ limit, ...order }, { stream, at }) => ({
        ...order,
        ...fresh,
        id: idOf(stream),
        kind: 'order',
        status: 'ordered',
        dueOn: limit.dueOn,
        dueAt: limit.due,
        issuedAt: at,
      }),
      CorrectedOnTheSpot: (record, { stream, at }) => ({
        ...record,
        ...fresh,
        id: idOf(stream),
        kind: 'on-the-spot',
        status: 'corrected',
        issuedAt: at,
        closedAt: at,
      }),
    },
    change: {
      CorrectionReported: ({ late, attachments }, _doc, { at }) => ({ status: 'reported', late, attachments, reportedAt: at }),
      RectificationOverdue: () => ({ status: 'overdue', overdue: true }),
      RectificationRechecked: ({ result, late, newLimit, recheckVisitId }, doc, { at }) => ({
        recheckVisitId,
        rechecks: doc.rechecks + 1,
        late,
        ...(result === 'corrected'
          ? { status: 'corrected', closedAt: at }
          : newLimit
            ? { status: 'ordered', dueOn: newLimit.dueOn, dueAt: newLimit.due, reportedAt: undefined }
            : { status: 'referred', closedAt: at }),
      }),
      RectificationCancelled: ({ reason }, _doc, { at }) => ({ status: 'cancelled', reason, closedAt: at }),
    },
  }),
  // What follows the leading fields is there to be filtered on while the index is scanned.
  indexes: [
    { name: 'issued', fields: ['issuedAt', 'kind', 'overdue'] },
    { name: 'due', fields: ['status', 'dueOn'] },
    { name: 'unit', fields: ['unit', 'status', 'dueOn'] },
    { name: 'business', fields: ['businessId', 'issuedAt'] },
    { name: 'visit', fields: ['visitId'] },
  ],
  search: (doc) => (doc.businessName === undefined ? [] : [doc.businessName]),
  scope: { area: 'area', unit: 'unit', owner: 'officers' },
};
