import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNearest } from './nearest.ts';
import type { Row } from './rows.ts';
import { placeRows } from './wards.ts';

const row = (licence: string, date: string, rest: Partial<Row> = {}): Row => ({
  line: 2,
  inspectionId: '1',
  licence,
  name: 'N',
  address: 'A',
  date,
  result: 'pass',
  items: [],
  ...rest,
});
const at = (latitude: number, longitude: number): Partial<Row> => ({ coordinates: { latitude, longitude } });

describe('a row without a ward', () => {
  it('gets the ward of most of the visits of its licence', () => {
    const rows = [
      row('a', '2012-01-01', { ward: 3 }),
      row('a', '2012-02-01', { ward: 4 }),
      row('a', '2012-03-01', { ward: 4 }),
      row('a', '2012-01-02'),
    ];
    expect(placeRows(rows)[3]).toEqual({ ward: 4, origin: 'licence' });
  });

  it('gets that of the visit nearest in time when two are equally frequent, then the lowest', () => {
    const rows = [row('a', '2012-01-01', { ward: 3 }), row('a', '2012-03-01', { ward: 2 }), row('a', '2012-01-10'), row('a', '2012-01-31')];
    expect(placeRows(rows).map((placed) => placed.ward)).toEqual([3, 2, 3, 2]);
  });

  it('gets that of the nearest known point when its licence has none', () => {
    const rows = [
      row('a', '2012-01-01', { ward: 3, ...at(41.8, -87.6) }),
      row('b', '2012-01-01', { ward: 9, ...at(41.9, -87.7) }),
      row('c', '2012-01-01', at(41.88, -87.7)),
    ];
    expect(placeRows(rows)[2]).toEqual({ ward: 9, origin: 'nearest' });
  });

  it("is the city unit's when it has no coordinates either", () => {
    expect(placeRows([row('a', '2012-01-01', { ward: 3, ...at(41.8, -87.6) }), row('c', '2012-01-01')])[1]).toEqual({
      ward: undefined,
      origin: 'city',
    });
    expect(placeRows([row('c', '2012-01-01', at(41.8, -87.6))])[0]).toEqual({ ward: undefined, origin: 'city' });
  });
});

describe('the nearest point', () => {
  const point = fc.record({
    latitude: fc.double({ min: 41.6, max: 42.1, noNaN: true }),
    longitude: fc.double({ min: -87.9, max: -87.4, noNaN: true }),
  });

  it('is the one that a look at all points finds', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 60 }), point, (points, here) => {
        const shrink = Math.cos(((points.reduce((sum, one) => sum + one.latitude, 0) / points.length) * Math.PI) / 180);
        const distances = points.map((one) => Math.hypot(one.latitude - here.latitude, (one.longitude - here.longitude) * shrink));
        const nearest = createNearest(points.map((one, value) => ({ ...one, value })));
        expect(distances[nearest(here)!]).toBe(Math.min(...distances));
      }),
    );
  });

  it('is found from far outside', () => {
    expect(createNearest([{ latitude: 41.8, longitude: -87.6, value: 7 }])({ latitude: 43, longitude: -89 })).toBe(7);
  });

  it('is none of none', () => {
    expect(createNearest([])({ latitude: 41.8, longitude: -87.6 })).toBeUndefined();
  });
});
