import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { changes, factsOf, idOf, textOf } from './facts.ts';

const document = z.object({
  id: z.string(),
  area: z.string(),
  /** Absent while the task is in the pool. */
  unit: z.string().optional(),
  status: z.enum(['pooled', 'open', 'done', 'cancelled']),
  channel: z.string(),
  taskType: z.string(),
  dueOn: z.string().optional(),
  revision: z.int(),
});
export type TaskDocument = z.infer<typeof document>;

const inUnit = changes<TaskDocument>((facts, doc) => ({ status: 'open', unit: textOf(facts, 'unit') ?? doc.unit }));

/** The tasks as the board counts them. */
export const tasks: ModelDefinition<TaskDocument> = {
  context: 'overview',
  name: 'tasks',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'patrol.TaskPooled': {
      project: (_, event) => {
        const facts = factsOf(event);
        return {
          id: idOf(event),
          area: textOf(facts, 'area') ?? '',
          status: 'pooled',
          channel: textOf(facts, 'channel') ?? '',
          taskType: textOf(facts, 'type') ?? '',
          dueOn: textOf(facts, 'dueOn'),
          revision: event.revision,
        };
      },
    },
    'patrol.TaskDispatched': inUnit,
    'patrol.TaskPushedBack': changes<TaskDocument>((facts, doc) =>
      facts['to'] === 'pool' ? { status: 'pooled', unit: undefined } : { status: 'open', unit: textOf(facts, 'unit') ?? doc.unit },
    ),
    'patrol.TaskCompleted': changes<TaskDocument>(() => ({ status: 'done' })),
    'patrol.TaskCancelled': changes<TaskDocument>(() => ({ status: 'cancelled' })),
  },
  // Both cover all that the board groups by, so that it counts without reading a document.
  indexes: [
    { name: 'board', fields: ['unit', 'status', 'channel', 'taskType', 'area'] },
    { name: 'due', fields: ['status', 'dueOn', 'unit', 'channel', 'taskType', 'area'] },
  ],
  scope: { area: 'area', unit: 'unit' },
};
