import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import { unitContent } from '../shared/unit.ts';

export const reorganisationContent = z.object({
  title: z.string(),
  /** Local date, and its first instant in the authority's zone. */
  effectiveOn: z.iso.date(),
  effectiveAt: z.string(),
  /** Units as they are from then on: changed, or founded. */
  units: z.array(unitContent),
  /** Units that end, and who takes over the work that they leave open. */
  ends: z.array(z.object({ unit: z.string(), successor: z.string() })),
});
export type ReorganisationData = z.infer<typeof reorganisationContent>;

export const reorganisationEvents = {
  ReorganisationAnnounced: defineEvent('ReorganisationAnnounced', {
    visibility: 'public',
    description: 'A reorganisation 机构改革 was announced: on its effective date all its units change at once 辖区调整.',
    schema: reorganisationContent,
  }),
  ReorganisationWithdrawn: defineEvent('ReorganisationWithdrawn', {
    visibility: 'public',
    description: 'An announced reorganisation was withdrawn before its date; nothing changes.',
    schema: z.object({ effectiveOn: z.iso.date(), reason: z.string() }),
  }),
  ReorganisationTookEffect: defineEvent('ReorganisationTookEffect', {
    visibility: 'public',
    description: 'The effective date of a reorganisation has come: its units are in force as announced, and successors have the open work.',
    schema: reorganisationContent,
  }),
};
export type ReorganisationEvent = EventsOf<typeof reorganisationEvents>;
