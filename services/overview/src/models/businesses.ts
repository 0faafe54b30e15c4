import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { changes, factsOf, idOf, textOf } from './facts.ts';

const document = z.object({
  id: z.string(),
  name: z.string(),
  area: z.string(),
  status: z.enum(['active', 'closed', 'voided']),
  revision: z.int(),
});
export type BusinessDocument = z.infer<typeof document>;

const changed = changes<BusinessDocument>((facts, doc) => ({
  name: textOf(facts, 'name') ?? doc.name,
  area: textOf(facts, 'area') ?? doc.area,
}));

/** What stands above a business's file, and where it lies now: who may see the business may read its whole file. */
export const businesses: ModelDefinition<BusinessDocument> = {
  context: 'overview',
  name: 'businesses',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'registration.BusinessRegistered': {
      project: (_, event) => {
        const facts = factsOf(event);
        return {
          id: idOf(event),
          name: textOf(facts, 'name') ?? '',
          area: textOf(facts, 'area') ?? '',
          status: 'active',
          revision: event.revision,
        };
      },
    },
    'registration.BusinessCorrected': changed,
    'registration.BusinessMoved': changed,
    'registration.BusinessClosed': changes<BusinessDocument>(() => ({ status: 'closed' })),
    'registration.BusinessVoided': changes<BusinessDocument>(() => ({ status: 'voided' })),
  },
  indexes: [],
  scope: { area: 'area' },
};
