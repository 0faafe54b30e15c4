import { daysBetween } from '@sanwang/statutory';
import { createNearest, type Point } from './nearest.ts';
import type { Row } from './rows.ts';

/** How a row came to its ward: the file says it, or the licence's other visits, or the nearest known point; `city`: none of these. */
export type WardOrigin = 'file' | 'licence' | 'nearest' | 'city';

export interface Placed {
  /** 1 to 50; `undefined` is the city unit's. */
  readonly ward: number | undefined;
  readonly origin: WardOrigin;
}

/** Gives every row its ward, in the rows' order. */
export const placeRows = (rows: readonly Row[]): readonly Placed[] => {
  const ofLicence = new Map<string, Row[]>();
  const points: Point<number>[] = [];
  for (const row of rows) {
    if (row.ward === undefined) continue;
    const known = ofLicence.get(row.licence);
    if (known) known.push(row);
    else ofLicence.set(row.licence, [row]);
    if (row.coordinates) points.push({ ...row.coordinates, value: row.ward });
  }
  const nearest = createNearest(points);

  return rows.map((row): Placed => {
    if (row.ward !== undefined) return { ward: row.ward, origin: 'file' };
    const known = ofLicence.get(row.licence);
    if (known) return { ward: wardOfVisits(known, row), origin: 'licence' };
    const ward = row.coordinates && nearest(row.coordinates);
    return ward === undefined ? { ward: undefined, origin: 'city' } : { ward, origin: 'nearest' };
  });
};

/** The most frequent ward; of equally frequent ones that of the visit nearest in time, then the lowest. */
const wardOfVisits = (known: readonly Row[], row: Row): number => {
  const wards = new Map<number, { ward: number; count: number; days: number }>();
  for (const visit of known) {
    const entry = wards.get(visit.ward!) ?? { ward: visit.ward!, count: 0, days: Infinity };
    entry.count++;
    entry.days = Math.min(entry.days, Math.abs(daysBetween(visit.date, row.date)));
    wards.set(entry.ward, entry);
  }
  return [...wards.values()].sort((a, b) => b.count - a.count || a.days - b.days || a.ward - b.ward)[0]!.ward;
};
