import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { changes, factsOf, idOf, textOf, textsOf } from './facts.ts';
import { teamFields, teamIndexes, teamOf } from './team.ts';

const document = z.object({
  id: z.string(),
  status: z.enum(['open', 'done', 'cancelled']),
  dueOn: z.string().optional(),
  ...teamFields,
  revision: z.int(),
});
export type AssignmentDocument = z.infer<typeof document>;

const given = changes<AssignmentDocument>((facts) => ({ status: 'open', ...teamOf(textsOf(facts, 'officers')) }));
const taken = changes<AssignmentDocument>(() => ({ status: 'open', ...teamOf([]) }));

/** Who has which task in hand, or had it when it ended. */
export const assignments: ModelDefinition<AssignmentDocument> = {
  context: 'overview',
  name: 'assignments',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'patrol.TaskPooled': {
      project: (_, event) => ({ id: idOf(event), status: 'open', dueOn: textOf(factsOf(event), 'dueOn'), revision: event.revision }),
    },
    'patrol.TaskDispatched': taken,
    'patrol.TaskAssigned': given,
    'patrol.TaskReassigned': given,
    'patrol.TaskPushedBack': taken,
    'patrol.TaskCompleted': changes<AssignmentDocument>(() => ({ status: 'done' })),
    'patrol.TaskCancelled': changes<AssignmentDocument>(() => ({ status: 'cancelled' })),
  },
  indexes: teamIndexes('status', 'dueOn'),
};
