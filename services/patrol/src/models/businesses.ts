import type { ModelDefinition, ModelHandler } from '@sanwang/read-model';
import { z } from 'zod';
import { areaCode, coordinates } from '../shared/words.ts';

const business = z.object({
  id: z.string(),
  name: z.string(),
  businessType: z.string().optional(),
  area: areaCode,
  coordinates: coordinates.optional(),
  riskGrade: z.string().optional(),
  status: z.enum(['open', 'closed', 'void']),
});
export type Business = z.infer<typeof business>;

/** The fields of registration's public events that the patrol net knows; each event carries those that it sets. */
type Registered = Partial<Omit<Business, 'id' | 'status'>>;

/** A move replaces the coordinates, also by none. */
const move: ModelHandler<Business> = {
  project: (doc, event) => doc && take(undefined).project({ ...doc, coordinates: undefined }, event),
};

const take = (status: Business['status'] | undefined): ModelHandler<Business> => ({
  project(doc, event) {
    const { name, businessType, area, coordinates, riskGrade } = event.data as Registered;
    const changed = Object.entries({ name, businessType, area, coordinates, riskGrade }).filter(([, value]) => value !== undefined);
    const next: Partial<Business> = { ...doc, ...Object.fromEntries(changed), ...(status && { status }) };
    if (next.name === undefined || next.area === undefined) return doc;
    return {
      ...next,
      id: event.stream.slice('registration.Business-'.length),
      name: next.name,
      area: next.area,
      status: next.status ?? 'open',
    };
  },
});

/** The patrol net's own copy of the businesses, for what a decision about a task or a visit needs. */
export const businesses: ModelDefinition<Business> = {
  context: 'patrol',
  name: 'businesses',
  version: 1,
  kind: 'stream',
  schema: business,
  on: {
    'registration.BusinessRegistered': take('open'),
    'registration.BusinessCorrected': take(undefined),
    'registration.BusinessMoved': move,
    'registration.RiskGradeChanged': take(undefined),
    'registration.BusinessClosed': take('closed'),
    'registration.BusinessVoided': take('void'),
  },
  indexes: [],
  scope: { area: 'area' },
};
