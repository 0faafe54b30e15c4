import { parseStream } from '@sanwang/kernel';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { duties } from './port.ts';

const localDate = z.iso.date();
const revision = z.int().min(0);

export const unitDocument = z.object({
  code: z.string(),
  kind: z.enum(['city', 'district', 'office', 'department', 'street', 'community', 'contractor']),
  parent: z.string().exactOptional(),
  name: z.string(),
  areas: z.array(z.string()),
  validFrom: localDate,
  timeZone: z.string().exactOptional(),
  calendar: z.string().exactOptional(),
  revision,
});
export type UnitDocument = z.infer<typeof unitDocument>;

/** Name and telephone are left out: whoever decides needs the id only, and what is not copied need not be erased. */
export const officerDocument = z.object({
  id: z.string(),
  unit: z.string(),
  duties: z.array(z.enum(duties)),
  certificate: z.object({ number: z.string(), validFrom: localDate, validTo: localDate }).exactOptional(),
  active: z.boolean(),
  revision,
});
export type OfficerDocument = z.infer<typeof officerDocument>;

export const calendarDocument = z.object({
  calendar: z.string(),
  year: z.int(),
  days: z.array(z.object({ date: localDate, working: z.boolean(), name: z.string() })),
  revision,
});
export type CalendarDocument = z.infer<typeof calendarDocument>;

/** One per stream: the deployment's (with its mode) and one per simulated month. The clock is the latest of all. */
export const deploymentDocument = z.object({
  id: z.string(),
  mode: z.enum(['live', 'simulation']).exactOptional(),
  clock: z.string().exactOptional(),
  revision,
});
export type DeploymentDocument = z.infer<typeof deploymentDocument>;

/** A schema's fields out of an event's data: what the copy does not know it leaves alone, also from later versions. */
const pick = (data: unknown, keys: readonly string[]): Record<string, unknown> => {
  const record = data as Record<string, unknown>;
  return Object.fromEntries(keys.filter((key) => record[key] !== undefined).map((key) => [key, record[key]]));
};

const unitKeys = ['code', 'kind', 'parent', 'name', 'areas', 'validFrom', 'timeZone', 'calendar'];
const officerKeys = ['unit', 'duties', 'certificate', 'active'];

/**
 * A service's own durable copy of the directory, fed by the bus from the directory's public events: units, officers,
 * calendars, and the deployment with its clock. Each service gets its own, under its own context.
 */
export const directoryModels = (
  context: string,
): readonly [
  ModelDefinition<UnitDocument>,
  ModelDefinition<OfficerDocument>,
  ModelDefinition<CalendarDocument>,
  ModelDefinition<DeploymentDocument>,
] => {
  const unit: ModelDefinition<UnitDocument>['on'][string] = {
    project: (_, event) => ({ ...pick(event.data, unitKeys), revision: event.revision }) as UnitDocument,
  };
  const officer: ModelDefinition<OfficerDocument>['on'][string] = {
    project: (_, event) =>
      ({
        id: (event.data as { officerId: string }).officerId,
        ...pick(event.data, officerKeys),
        revision: event.revision,
      }) as OfficerDocument,
  };
  const common = { context, version: 1, kind: 'stream', indexes: [] } as const;
  return [
    {
      ...common,
      name: 'directory-units',
      schema: unitDocument,
      on: { 'directory.UnitRegistered': unit, 'directory.UnitChanged': unit },
    },
    {
      ...common,
      name: 'directory-officers',
      schema: officerDocument,
      on: { 'directory.OfficerRegistered': officer, 'directory.OfficerChanged': officer },
    },
    {
      ...common,
      name: 'directory-calendars',
      schema: calendarDocument,
      on: {
        'directory.CalendarYearPublished': {
          project: (_, event) => ({ ...pick(event.data, ['calendar', 'year', 'days']), revision: event.revision }) as CalendarDocument,
        },
      },
    },
    {
      ...common,
      name: 'directory-deployment',
      schema: deploymentDocument,
      on: {
        'directory.DeploymentBegun': {
          project: (_, event) => {
            const begun = event.data as { mode: 'live' | 'simulation'; clock?: string };
            return begun.mode === 'live'
              ? { id: 'main', mode: 'live', revision: event.revision }
              : { id: 'main', mode: 'simulation', clock: begun.clock ?? event.at, revision: event.revision };
          },
        },
        'directory.ClockAdvanced': {
          project: (_, event) => {
            const { to } = event.data as { to: string };
            return { id: parseStream(event.stream).id, clock: to, revision: event.revision };
          },
        },
      },
    },
  ];
};
