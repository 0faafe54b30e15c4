import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { changes, factsOf, idOf, textOf } from './facts.ts';

const document = z.object({
  id: z.string(),
  area: z.string(),
  unit: z.string().optional(),
  status: z.enum(['open', 'closed']),
  /** The limit has passed and no correction is reported or confirmed. */
  overdue: z.boolean(),
  /** The officer who issued the order. */
  issuedBy: z.string(),
  revision: z.int(),
});
export type OrderDocument = z.infer<typeof document>;

const closed = changes<OrderDocument>(() => ({ status: 'closed', overdue: false }));

/** Rectification orders 责令改正 as board and workload count them; corrections on the spot are none. */
export const orders: ModelDefinition<OrderDocument> = {
  context: 'overview',
  name: 'orders',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'patrol.RectificationOrdered': {
      project: (_, event) => {
        const facts = factsOf(event);
        return {
          id: idOf(event),
          area: textOf(facts, 'area') ?? '',
          unit: textOf(facts, 'unit'),
          status: 'open',
          overdue: false,
          issuedBy: event.actor,
          revision: event.revision,
        };
      },
    },
    'patrol.CorrectionReported': changes<OrderDocument>(() => ({ overdue: false })),
    'patrol.RectificationOverdue': changes<OrderDocument>((_, doc) => ({ overdue: doc.status === 'open' })),
    'patrol.RectificationRechecked': changes<OrderDocument>((facts) => ({
      status: facts['result'] === 'corrected' || facts['newLimit'] === undefined ? 'closed' : 'open',
      overdue: false,
    })),
    'patrol.RectificationCancelled': closed,
  },
  indexes: [
    { name: 'board', fields: ['unit', 'status', 'overdue', 'area'] },
    { name: 'issuer', fields: ['issuedBy', 'status', 'overdue'] },
  ],
  scope: { area: 'area', unit: 'unit' },
};
