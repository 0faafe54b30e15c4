import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { place, source, type TaskEvent } from '../task/events.ts';
import { channel, taskType, visitResult } from '../shared/words.ts';
import { projectOwn } from './project.ts';

const document = z.object({
  id: z.string(),
  revision: z.number(),
  status: z.enum(['pooled', 'dispatched', 'assigned', 'accepted', 'completed', 'cancelled']),
  channel,
  type: taskType,
  checklist: z.string(),
  businessId: z.string().optional(),
  businessName: z.string().optional(),
  place: place.optional(),
  area: z.string(),
  unit: z.string().optional(),
  officers: z.array(z.string()),
  priority: z.number(),
  dueOn: z.string().optional(),
  title: z.string(),
  source,
  recheckOf: z.string().optional(),
  visitId: z.string().optional(),
  result: visitResult.optional(),
  reason: z.string().optional(),
  pooledAt: z.string(),
  closedAt: z.string().optional(),
});
export type TaskDocument = z.infer<typeof document>;

const idOf = (stream: string): string => stream.slice('patrol.Task-'.length);

/** The tasks, as lists and the task's page show them. */
export const tasks: ModelDefinition<TaskDocument> = {
  context: 'patrol',
  name: 'tasks',
  version: 2,
  kind: 'stream',
  schema: document,
  on: projectOwn<TaskEvent, TaskDocument>({
    begin: {
      TaskPooled: ({ on: _on, ...data }, event) => ({
        ...data,
        id: idOf(event.stream),
        status: 'pooled',
        officers: [],
        pooledAt: event.at,
      }),
    },
    change: {
      TaskDispatched: ({ unit }) => ({ status: 'dispatched', unit, officers: [] }),
      TaskAssigned: ({ officers }) => ({ status: 'assigned', officers }),
      TaskReassigned: ({ officers, reason }) => ({ status: 'assigned', officers, reason }),
      TaskAccepted: () => ({ status: 'accepted' }),
      TaskPushedBack: ({ to, unit, reason }) =>
        to === 'pool' ? { status: 'pooled', unit: undefined, officers: [], reason } : { status: 'dispatched', unit, officers: [], reason },
      TaskCompleted: ({ visitId, result }, _doc, event) => ({ status: 'completed', visitId, result, closedAt: event.at }),
      TaskCancelled: ({ reason }, _doc, event) => ({ status: 'cancelled', reason, closedAt: event.at }),
    },
  }),
  // What follows the leading fields is there to be filtered on while the index is scanned.
  indexes: [
    { name: 'pooled', fields: ['pooledAt', 'status', 'type', 'channel', 'checklist', 'priority'] },
    { name: 'due', fields: ['status', 'dueOn'] },
    { name: 'dueOn', fields: ['dueOn'] },
    { name: 'priority', fields: ['priority'] },
    { name: 'unit', fields: ['unit', 'status', 'dueOn'] },
    { name: 'business', fields: ['businessId', 'pooledAt', 'recheckOf'] },
  ],
  search: (doc) => [doc.title, doc.businessName, doc.place?.name, doc.source.key].filter((text) => text !== undefined),
  scope: { area: 'area', unit: 'unit', owner: 'officers' },
};
