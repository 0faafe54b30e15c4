import { parseStream, personal } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { ModelDefinition, ModelHandler } from '@sanwang/read-model';
import { z } from 'zod';
import { withCorrection, withMove } from '../business/changes.ts';
import { businessNumber, coordinates, licence, riskGrades, type Corrected, type Moved, type Registered } from '../business/events.ts';

export const businessStatuses = ['active', 'closed', 'voided'] as const;
const document = z.object({
  id: z.string(),
  number: businessNumber,
  name: z.string(),
  businessType: z.string(),
  address: z.string(),
  coordinates: coordinates.optional(),
  area: z.string(),
  licences: z.array(licence),
  /** Number of the first licence, for look-up. */
  licenceNumber: z.string().optional(),
  riskGrade: z.enum(riskGrades).optional(),
  contact: personal(z.string()).optional(),
  legalRepresentative: personal(z.string()).optional(),
  status: z.enum(businessStatuses),
  registeredAt: z.string(),
  expectedCheckDigit: z.string().optional(),
  expectedBodyCheckDigit: z.string().optional(),
  closedOn: z.string().optional(),
  replacedBy: z.string().optional(),
  revision: z.int(),
});
export type BusinessDocument = z.infer<typeof document>;

const withLicence = (doc: BusinessDocument): BusinessDocument => {
  const { licenceNumber: _licenceNumber, ...rest } = doc;
  const first = doc.licences[0]?.number;
  return first === undefined ? rest : { ...rest, licenceNumber: first };
};

const registered = (event: PublishedEvent): BusinessDocument => {
  const { businessId: _businessId, source: _source, overrideReason: _overrideReason, numberWarning, ...facts } = event.data as Registered;
  return withLicence({
    id: parseStream(event.stream).id,
    ...facts,
    status: 'active',
    registeredAt: event.at,
    ...(numberWarning?.checkDigit && { expectedCheckDigit: numberWarning.checkDigit }),
    ...(numberWarning?.bodyCheckDigit && { expectedBodyCheckDigit: numberWarning.bodyCheckDigit }),
    revision: event.revision,
  });
};

/** A change of a business that is there; of one that is not, nothing is known. */
const change = <Data>(apply: (doc: BusinessDocument, data: Data) => BusinessDocument): ModelHandler<BusinessDocument> => ({
  project: (doc, event) => doc && { ...apply(doc, event.data as Data), revision: event.revision },
});

/** The register of businesses, for lists, look-up and search. */
export const businesses: ModelDefinition<BusinessDocument> = {
  context: 'registration',
  name: 'businesses',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'registration.BusinessRegistered': { project: (_, event) => registered(event) },
    'registration.BusinessCorrected': change<Corrected>((doc, data) => withLicence(withCorrection(doc, data))),
    'registration.BusinessMoved': change<Moved>(withMove),
    'registration.RiskGradeChanged': change<{ riskGrade: BusinessDocument['riskGrade'] }>((doc, { riskGrade }) => ({ ...doc, riskGrade })),
    'registration.BusinessClosed': change<{ closedOn: string }>((doc, { closedOn }) => ({ ...doc, status: 'closed', closedOn })),
    'registration.BusinessVoided': change<{ replacedBy: string }>((doc, { replacedBy }) => ({ ...doc, status: 'voided', replacedBy })),
  },
  opens: ['registration.BusinessRegistered', 'registration.BusinessCorrected'],
  indexes: [
    { name: 'id', fields: ['id'] },
    { name: 'name', fields: ['name'] },
    { name: 'registered', fields: ['registeredAt'] },
    { name: 'area', fields: ['area', 'status'] },
    { name: 'type', fields: ['businessType', 'riskGrade'] },
    { name: 'grade', fields: ['riskGrade'] },
    { name: 'licence', fields: ['licenceNumber'] },
  ],
  search: (doc) => [doc.name, doc.address, doc.number.value, ...doc.licences.map((one) => one.number)],
  scope: { area: 'area' },
};
