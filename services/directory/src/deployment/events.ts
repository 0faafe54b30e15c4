import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

export const deploymentEvents = {
  DeploymentBegun: defineEvent('DeploymentBegun', {
    visibility: 'public',
    description: 'The log was begun as a live one, or as a simulation whose clock stands at `clock` until it is advanced.',
    schema: z.object({ mode: z.enum(['live', 'simulation']), clock: z.iso.datetime({ precision: 3 }).optional() }),
  }),
};
export type DeploymentEvent = EventsOf<typeof deploymentEvents>;
