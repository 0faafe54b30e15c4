import { parseStream } from '@sanwang/kernel';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { duties } from './port.ts';

const localDate = z.iso.date();
const revision = z.int().min(0);

const unitContent = z.object({
  code: z.string(),
  kind: z.enum(['city', 'district', 'office', 'department', 'street', 'community', 'contractor']),
  parent: z.string().exactOptional(),
  name: z.string(),
  areas: z.array(z.string()),
  validFrom: localDate,
  timeZone: z.string().exactOptional(),
  calendar: z.string().exactOptional(),
});
/** A unit as one of its versions describes it. */
export type UnitContent = z.infer<typeof unitContent>;
/** `changedAt`: when the version was recorded; absent on the first, which replaces nothing. */
const unitVersion = unitContent.extend({ changedAt: z.string().exactOptional() });

/** The version that was recorded last, and those before it. Which is in force says `unitsInForce`. */
export const unitDocument = unitVersion.extend({ earlier: z.array(unitVersion).exactOptional(), revision });
export type UnitDocument = z.infer<typeof unitDocument>;

/** A reorganisation 机构改革 that was announced and not withdrawn. */
export const reorganisationDocument = z.object({
  id: z.string(),
  effectiveAt: z.string(),
  announcedAt: z.string(),
  units: z.array(unitContent),
  ends: z.array(z.object({ unit: z.string(), successor: z.string() })),
  revision,
});
export type ReorganisationDocument = z.infer<typeof reorganisationDocument>;

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

const content = (data: unknown): UnitContent => pick(data, unitKeys) as UnitContent;

/** What the directory's public events about units and reorganisations make of their documents. */
export const unitHandlers: ModelDefinition<UnitDocument>['on'] = {
  'directory.UnitRegistered': { project: (_, event) => ({ ...content(event.data), revision: event.revision }) },
  'directory.UnitChanged': {
    project(doc, event) {
      const changed = { ...content(event.data), changedAt: event.at, revision: event.revision };
      if (!doc) return changed;
      const { earlier = [], revision: _revision, ...latest } = doc;
      return { ...changed, earlier: [...earlier, latest] };
    },
  },
};
export const reorganisationHandlers: ModelDefinition<ReorganisationDocument>['on'] = {
  'directory.ReorganisationAnnounced': {
    project(_, event) {
      const announced = event.data as Omit<ReorganisationDocument, 'announcedAt' | 'id' | 'revision'>;
      return {
        id: parseStream(event.stream).id,
        effectiveAt: announced.effectiveAt,
        announcedAt: event.at,
        units: announced.units.map(content),
        ends: announced.ends.map(({ unit, successor }) => ({ unit, successor })),
        revision: event.revision,
      };
    },
  },
  'directory.ReorganisationWithdrawn': { project: () => undefined },
};

/**
 * A service's own durable copy of the directory, fed by the bus from the directory's public events: units, officers,
 * calendars, and the deployment with its clock. Each service gets its own, under its own context.
 */
export const directoryModels = (
  context: string,
): readonly [
  ModelDefinition<UnitDocument>,
  ModelDefinition<ReorganisationDocument>,
  ModelDefinition<OfficerDocument>,
  ModelDefinition<CalendarDocument>,
  ModelDefinition<DeploymentDocument>,
] => {
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
      version: 2,
      name: 'directory-units',
      schema: unitDocument,
      on: unitHandlers,
    },
    { ...common, name: 'directory-reorganisations', schema: reorganisationDocument, on: reorganisationHandlers },
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
