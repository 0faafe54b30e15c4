import { defineEvent, personal, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

/** Duties 职责, as the policy table knows them. */
export const dutyNames = ['inspector', 'dispatcher', 'registrar', 'directory-admin', 'operator', 'auditor'] as const;
export type DutyName = (typeof dutyNames)[number];

/** 行政执法资格: both dates are local dates and inclusive. */
const certificate = z.object({ number: z.string(), validFrom: z.iso.date(), validTo: z.iso.date() });
const officer = z.object({
  officerId: z.string(),
  name: personal(z.string()),
  phone: personal(z.string()).optional(),
  unit: z.string(),
  duties: z.array(z.enum(dutyNames)),
  certificate: certificate.optional(),
  active: z.boolean(),
});
export type OfficerData = z.infer<typeof officer>;
export type Certificate = z.infer<typeof certificate>;

export const officerEvents = {
  OfficerRegistered: defineEvent('OfficerRegistered', {
    visibility: 'public',
    description: 'An officer or other worker was entered in the directory.',
    schema: officer,
  }),
  OfficerChanged: defineEvent('OfficerChanged', {
    visibility: 'public',
    description: "An officer's unit, duties, certificate or particulars changed; the whole entry as it is now.",
    schema: officer,
  }),
};
export type OfficerEvent = EventsOf<typeof officerEvents>;
