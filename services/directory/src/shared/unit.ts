import { z } from 'zod';

/** City bureau, district bureau 辖区局, supervision office 监管所, department, street 街道, community 社区, contracted third party. */
export const unitKinds = ['city', 'district', 'office', 'department', 'street', 'community', 'contractor'] as const;
export type UnitKind = (typeof unitKinds)[number];

/** A unit as its events describe it: whole. */
export const unitContent = z.object({
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
export type UnitData = z.infer<typeof unitContent>;

/**
 * Under which kinds a kind may stand. The order is strict and a unit's kind never changes, so that the tree has no cycle
 * whatever is registered or moved at the same time.
 */
export const parentKinds: Readonly<Record<UnitKind, readonly UnitKind[]>> = {
  city: [],
  district: ['city'],
  department: ['city', 'district'],
  office: ['city', 'district'],
  street: ['city', 'district', 'office'],
  community: ['city', 'district', 'office', 'street'],
  contractor: ['city', 'district', 'office', 'street'],
};

export const isAreaPrefix = (area: string): boolean => /^\d{2,12}$/.test(area);
export const isWithin = (area: string, prefixes: readonly string[]): boolean => prefixes.some((prefix) => area.startsWith(prefix));
