import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

/** City bureau, district bureau 辖区局, supervision office 监管所, department, street 街道, community 社区, contracted third party. */
export const unitKinds = ['city', 'district', 'office', 'department', 'street', 'community', 'contractor'] as const;
export type UnitKind = (typeof unitKinds)[number];

const unit = z.object({
  code: z.string(),
  kind: z.enum(unitKinds),
  parent: z.string().optional(),
  name: z.string(),
  /** Area code prefixes for which the unit is responsible. */
  areas: z.array(z.string()),
  validFrom: z.iso.date(),
  /** On the city unit only: IANA time zone, and the slug of the working-day calendar. */
  timeZone: z.string().optional(),
  calendar: z.string().optional(),
});
export type UnitData = z.infer<typeof unit>;

export const unitEvents = {
  UnitRegistered: defineEvent('UnitRegistered', {
    visibility: 'public',
    description: 'A unit of the authority (or one that works for it) was set up.',
    schema: unit,
  }),
  UnitChanged: defineEvent('UnitChanged', {
    visibility: 'public',
    description: 'A unit has another name, parent, area or validity; the whole unit as it is from `validFrom`.',
    schema: unit,
  }),
};
export type UnitEvent = EventsOf<typeof unitEvents>;
