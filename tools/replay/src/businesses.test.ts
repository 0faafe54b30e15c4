import { describe, expect, it } from 'vitest';
import { followBusinesses } from './businesses.ts';
import type { Row } from './rows.ts';

const row = (date: string, rest: Partial<Row> = {}): Row => ({
  line: 2,
  inspectionId: date,
  licence: '77',
  name: 'Nook',
  address: '1 A ST',
  date,
  result: 'pass',
  items: [],
  ...rest,
});
const placed = (rows: readonly Row[], ...wards: number[]) =>
  followBusinesses(
    rows,
    rows.map((_, index) => ({ ward: wards[index] ?? 42, origin: 'file' })),
  );

describe('a business in its rows', () => {
  it('is registered as its first row by date has it', () => {
    const rows = [
      row('2012-05-01', { name: 'Later' }),
      row('2012-03-01', { risk: 'high', facilityType: 'Daycare (2 - 6 Years)', licenceKind: 'Day Care' }),
    ];
    expect(placed(rows).registrations.get('local.chi.77')).toEqual({
      number: { kind: 'local', value: '77', authority: 'chi' },
      name: 'Nook',
      businessType: 'daycare-2-6-years',
      address: '1 A ST',
      area: '171400042',
      licences: [{ number: '77', kind: 'day-care' }],
      riskGrade: 'C',
    });
  });

  it('is corrected by another name and moved by another address', () => {
    const rows = [row('2012-03-01'), row('2012-04-01', { name: 'Nook 2' }), row('2012-05-01', { name: 'Nook 2', address: '2 B ST' })];
    expect(placed(rows, 42, 42, 7).at.map(({ renamed, moved, area }) => [renamed, moved, area])).toEqual([
      [false, false, '171400042'],
      [true, false, '171400042'],
      [false, true, '171400007'],
    ]);
  });

  it('stays quiet about rows that say the same', () => {
    expect(placed([row('2012-03-01'), row('2012-04-01')]).at[1]).toMatchObject({ renamed: false, moved: false });
  });

  it('keeps its coordinates while it stays where it is, and only then', () => {
    const coordinates = { latitude: 41.8, longitude: -87.6 };
    const { at } = placed([row('2012-03-01', { coordinates }), row('2012-04-01'), row('2012-05-01', { address: '2 B ST' })]);
    expect(at.map((one) => one.coordinates)).toEqual([coordinates, coordinates, undefined]);
  });

  it('leaves out licence dates that contradict each other', () => {
    const { registrations } = placed([row('2012-03-01', { licenceFrom: '2013-01-01', licenceTo: '2012-01-01' })]);
    expect(registrations.get('local.chi.77')!.licences).toEqual([{ number: '77', kind: 'unspecified' }]);
  });
});
