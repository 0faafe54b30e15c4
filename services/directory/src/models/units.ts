import type { PublishedEvent } from '@sanwang/event-store';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { unitKinds, type UnitData } from '../unit/events.ts';

const document = z.object({
  code: z.string(),
  kind: z.enum(unitKinds),
  parent: z.string().optional(),
  name: z.string(),
  areas: z.array(z.string()),
  validFrom: z.string(),
  timeZone: z.string().optional(),
  calendar: z.string().optional(),
  revision: z.int(),
});
export type UnitDocument = z.infer<typeof document>;

const whole = {
  project: (_: UnitDocument | undefined, event: PublishedEvent) => ({ ...(event.data as UnitData), revision: event.revision }),
};

/** The unit tree, for lists and look-ups. */
export const units: ModelDefinition<UnitDocument> = {
  context: 'directory',
  name: 'units',
  version: 1,
  kind: 'stream',
  schema: document,
  on: { 'directory.UnitRegistered': whole, 'directory.UnitChanged': whole },
  indexes: [
    { name: 'code', fields: ['code'] },
    { name: 'name', fields: ['name'] },
    { name: 'parent', fields: ['parent', 'code'] },
    { name: 'kind', fields: ['kind', 'code'] },
  ],
  search: (doc) => [doc.code, doc.name],
};
