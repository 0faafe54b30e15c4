import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { changes, factsOf, idOf, textOf, textsOf } from './facts.ts';

const document = z.object({
  id: z.string(),
  status: z.enum(['open', 'done', 'cancelled']),
  dueOn: z.string().optional(),
  officers: z.array(z.string()).readonly(),
  revision: z.int(),
});
export type AssignmentDocument = z.infer<typeof document>;

const given = changes<AssignmentDocument>((facts) => ({ status: 'open', officers: textsOf(facts, 'officers') }));
const taken = changes<AssignmentDocument>(() => ({ status: 'open', officers: [] }));

/** Who has which task in hand, or had it when it ended. */
export const assignments: ModelDefinition<AssignmentDocument> = {
  context: 'overview',
  name: 'assignments',
  version: 2,
  kind: 'stream',
  schema: document,
  on: {
    'patrol.TaskPooled': {
      project: (_, event) => ({
        id: idOf(event),
        status: 'open',
        dueOn: textOf(factsOf(event), 'dueOn'),
        officers: [],
        revision: event.revision,
      }),
    },
    'patrol.TaskDispatched': taken,
    'patrol.TaskAssigned': given,
    'patrol.TaskReassigned': given,
    'patrol.TaskPushedBack': taken,
    'patrol.TaskCompleted': changes<AssignmentDocument>(() => ({ status: 'done' })),
    'patrol.TaskCancelled': changes<AssignmentDocument>(() => ({ status: 'cancelled' })),
  },
  indexes: [{ name: 'officers', fields: ['officers', 'status', 'dueOn'] }],
};
