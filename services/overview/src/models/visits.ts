import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { changes, factsOf, idOf, textOf, textsOf, type Facts } from './facts.ts';

const document = z.object({
  id: z.string(),
  status: z.enum(['open', 'done']),
  result: z.string().optional(),
  officers: z.array(z.string()).readonly(),
  revision: z.int(),
});
export type VisitDocument = z.infer<typeof document>;

/** `VisitStarted` names officers with their certificates, `VisitCompleted` by their ids. */
const officersOf = (facts: Facts): readonly string[] => {
  const officers = Array.isArray(facts['officers']) ? (facts['officers'] as readonly unknown[]) : [];
  const named = officers.filter((one) => typeof one === 'object' && one !== null).flatMap((one) => textOf(one as Facts, 'id') ?? []);
  return [...textsOf(facts, 'officers'), ...named];
};

/** The visits as the workload of their officers counts them. */
export const visits: ModelDefinition<VisitDocument> = {
  context: 'overview',
  name: 'visits',
  version: 2,
  kind: 'stream',
  schema: document,
  on: {
    'patrol.VisitStarted': {
      project: (_, event) => ({ id: idOf(event), status: 'open', officers: officersOf(factsOf(event)), revision: event.revision }),
    },
    'patrol.VisitCompleted': changes<VisitDocument>((facts) => {
      const officers = officersOf(facts);
      return { status: 'done', result: textOf(facts, 'result'), ...(officers.length > 0 && { officers }) };
    }),
  },
  indexes: [{ name: 'officers', fields: ['officers', 'status'] }],
};
