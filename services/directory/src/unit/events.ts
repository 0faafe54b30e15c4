import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { unitContent } from '../shared/unit.ts';

export const unitEvents = {
  UnitRegistered: defineEvent('UnitRegistered', {
    visibility: 'public',
    description: 'A unit of the authority (or one that works for it) was set up.',
    schema: unitContent,
  }),
  UnitChanged: defineEvent('UnitChanged', {
    visibility: 'public',
    description: 'A unit has another name, parent, area or validity; the whole unit as it is from `validFrom`.',
    schema: unitContent,
  }),
};
export type UnitEvent = EventsOf<typeof unitEvents>;
