import { defineEvent, personal, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

export const riskGrades = ['A', 'B', 'C', 'D'] as const;
/** 注销, 吊销, licence run out 许可到期, ceased 停业, anything else. */
export const closeReasons = ['deregistered', 'revoked', 'licence-expired', 'ceased', 'other'] as const;

export const businessNumber = z.object({ kind: z.enum(['uscc', 'local']), value: z.string(), authority: z.string().optional() });
export const coordinates = z.object({ latitude: z.number(), longitude: z.number() });
export const licence = z.object({
  number: z.string(),
  kind: z.string(),
  validFrom: z.iso.date().optional(),
  validTo: z.iso.date().optional(),
});
/** Digits that the number should have where it has others: see `uscc.ts`. */
export const numberWarning = z.object({ checkDigit: z.string().optional(), bodyCheckDigit: z.string().optional() });

/** What every event of a business says: whose it is, and its area at the time. */
const about = { businessId: z.string(), area: z.string() };
const place = { address: z.string(), coordinates: coordinates.optional() };
const persons = { contact: personal(z.string()).optional(), legalRepresentative: personal(z.string()).optional() };

export const businessEvents = {
  BusinessRegistered: defineEvent('BusinessRegistered', {
    visibility: 'public',
    description:
      'A business was entered in the register 登记. `numberWarning`: its check digits are wrong; `overrideReason`: why it was entered all the same.',
    schema: z.object({
      ...about,
      number: businessNumber,
      name: z.string(),
      businessType: z.string(),
      ...place,
      licences: z.array(licence),
      riskGrade: z.enum(riskGrades).optional(),
      ...persons,
      source: z.enum(['entry', 'import']),
      numberWarning: numberWarning.optional(),
      overrideReason: z.string().optional(),
    }),
  }),
  BusinessCorrected: defineEvent('BusinessCorrected', {
    visibility: 'public',
    description:
      'Name, type, licences or persons were corrected or changed. `changed` names the fields; name, type and licences are whole; a person is given when changed, absent when removed.',
    schema: z.object({
      ...about,
      name: z.string(),
      businessType: z.string(),
      licences: z.array(licence),
      ...persons,
      changed: z.array(z.enum(['name', 'businessType', 'licences', 'contact', 'legalRepresentative'])),
    }),
  }),
  BusinessMoved: defineEvent('BusinessMoved', {
    visibility: 'public',
    description: 'A business has another address. `area` is the new one; absent coordinates are not known.',
    schema: z.object({ ...about, ...place, previousArea: z.string() }),
  }),
  RiskGradeChanged: defineEvent('RiskGradeChanged', {
    visibility: 'public',
    description: 'A business was graded anew, A (lowest risk) to D.',
    schema: z.object({ ...about, riskGrade: z.enum(riskGrades), previous: z.enum(riskGrades).optional(), reason: z.string() }),
  }),
  BusinessClosed: defineEvent('BusinessClosed', {
    visibility: 'public',
    description: 'A business has ended on `closedOn` (local date).',
    schema: z.object({ ...about, reason: z.enum(closeReasons), closedOn: z.iso.date() }),
  }),
  BusinessVoided: defineEvent('BusinessVoided', {
    visibility: 'public',
    description: 'A record was voided because its number was wrong; `replacedBy` is the record that stands in its place.',
    schema: z.object({ ...about, replacedBy: z.string(), reason: z.string() }),
  }),
};
export type BusinessEvent = EventsOf<typeof businessEvents>;
export type Registered = z.infer<typeof businessEvents.BusinessRegistered.schema>;
export type Corrected = z.infer<typeof businessEvents.BusinessCorrected.schema>;
export type Moved = z.infer<typeof businessEvents.BusinessMoved.schema>;
export type BusinessNumber = z.infer<typeof businessNumber>;
export type Licence = z.infer<typeof licence>;
export type RiskGrade = (typeof riskGrades)[number];
export type CloseReason = (typeof closeReasons)[number];
