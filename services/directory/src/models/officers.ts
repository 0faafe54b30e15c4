import { personal, personalText } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { dutyNames, type OfficerData } from '../officer/events.ts';

const document = z.object({
  id: z.string(),
  name: personal(z.string()),
  phone: personal(z.string()).optional(),
  unit: z.string(),
  duties: z.array(z.enum(dutyNames)),
  certificate: z.object({ number: z.string(), validFrom: z.string(), validTo: z.string() }).optional(),
  active: z.boolean(),
  revision: z.int(),
});
export type OfficerDocument = z.infer<typeof document>;

const whole = {
  project: (_: OfficerDocument | undefined, event: PublishedEvent): OfficerDocument => {
    const { officerId, ...entry } = event.data as OfficerData;
    return { id: officerId, ...entry, revision: event.revision };
  },
};

/** The officers with their names opened, for lists and search. */
export const officers: ModelDefinition<OfficerDocument> = {
  context: 'directory',
  name: 'officers',
  version: 1,
  kind: 'stream',
  schema: document,
  on: { 'directory.OfficerRegistered': whole, 'directory.OfficerChanged': whole },
  opens: ['directory.OfficerRegistered', 'directory.OfficerChanged'],
  indexes: [
    { name: 'id', fields: ['id'] },
    { name: 'unit', fields: ['unit', 'id'] },
    { name: 'active', fields: ['active', 'id'] },
  ],
  search: (doc) => [doc.id, personalText(doc.name) ?? ''],
  scope: { unit: 'unit', owner: 'id' },
};
