import { defineDistrict, type DistrictObject } from '@sanwang/service';
import { z } from 'zod';
import { businessNumber, closeReasons, coordinates, licence, riskGrades, type BusinessEvent } from './business/events.ts';

const schema = z.object({
  status: z.enum(['active', 'closed', 'voided']),
  number: businessNumber,
  name: z.string(),
  businessType: z.string(),
  address: z.string(),
  coordinates: coordinates.optional(),
  area: z.string(),
  licences: z.array(licence),
  riskGrade: z.enum(riskGrades).optional(),
  closed: z.object({ on: z.iso.date(), reason: z.enum(closeReasons) }).optional(),
  replacedBy: z.string().optional(),
});
type State = z.infer<typeof schema>;

/** What a bureau may know of a business: the register without the natural persons behind it. */
const business: DistrictObject<BusinessEvent, State> = {
  kind: 'Business',
  aggregate: 'Business',
  version: 1,
  description: 'A business of the district as the register has it, after each change. Contact and legal representative are left out.',
  schema,
  on: {
    BusinessRegistered: (_, data) => ({ status: 'active', ...data }),
    BusinessCorrected: (state, { name, businessType, licences }) => state && { ...state, name, businessType, licences },
    BusinessMoved: (state, { area, address, coordinates: at }) => state && { ...state, area, address, coordinates: at },
    RiskGradeChanged: (state, { riskGrade }) => state && { ...state, riskGrade },
    BusinessClosed: (state, { closedOn, reason }) => state && { ...state, status: 'closed', closed: { on: closedOn, reason } },
    BusinessVoided: (state, { replacedBy }) => state && { ...state, status: 'voided', replacedBy },
  },
};

export const district = defineDistrict('registration', [business]);
