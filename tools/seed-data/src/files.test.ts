import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCalendar } from '@sanwang/statutory';
import { describe, expect, it } from 'vitest';
import { chicagoCalendar, chicagoUnits, chinaCalendar, seedFiles, shenzhenOfficers, shenzhenUnits } from './files.ts';
import type { CalendarRow, UnitRow } from './files.ts';

const data = join(import.meta.dirname, '../../../data');

it.each([...seedFiles()])('data/%s is what the generator writes', (path, text) => {
  expect(readFileSync(join(data, path), 'utf8')).toBe(text);
});

const areasOf = (unit: UnitRow): string[] => unit.areas.split(';');
/** The unit with the longest prefix of the area, as the directory resolves it. */
const unitForArea = (units: readonly UnitRow[], area: string): string | undefined =>
  units
    .flatMap((unit) => areasOf(unit).map((prefix) => ({ unit, prefix })))
    .filter(({ prefix }) => area.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length || rank(b.unit) - rank(a.unit))[0]?.unit.code;
const rank = (unit: UnitRow): number => ['city', 'district', 'office'].indexOf(unit.kind);
const byKind = (units: readonly UnitRow[], kind: string): UnitRow[] => units.filter((unit) => unit.kind === kind);

describe('Shenzhen', () => {
  const units = shenzhenUnits();

  it('is one city, 11 district bureaus and 78 offices', () => {
    expect(['city', 'district', 'office'].map((kind) => byKind(units, kind).length)).toEqual([1, 11, 78]);
  });

  it('has unique codes and areas, and parents that exist', () => {
    const codes = new Set(units.map((unit) => unit.code));
    expect(codes.size).toBe(units.length);
    expect(new Set(byKind(units, 'office').map((unit) => unit.areas)).size).toBe(78);
    for (const unit of units) expect(unit.parent === '' || codes.has(unit.parent)).toBe(true);
  });

  it('gives no area to two district bureaus', () => {
    const areas = byKind(units, 'district').flatMap(areasOf);
    for (const [index, area] of areas.entries()) {
      const others = areas.filter((_, other) => other !== index);
      expect(others.some((other) => other.startsWith(area) || area.startsWith(other))).toBe(false);
    }
  });

  it('puts every office below the bureau and the city by its area', () => {
    for (const office of byKind(units, 'office')) {
      for (const above of [office.parent, 'sz']) {
        const areas = areasOf(units.find((unit) => unit.code === above)!);
        expect(areas.filter((prefix) => office.areas.startsWith(prefix)).length).toBe(1);
      }
    }
  });

  it.each([
    ['a street of 龙岗', '440307013', 'sz-longgang-bantian'],
    ['a street of 大鹏, which carries 龙岗 codes', '440307010', 'sz-dapeng-dapeng'],
    ['a town of 深汕', '441521103', 'sz-shenshan-ebu'],
    ['a bonded zone, which has no office', '440304400', 'sz-futian'],
    ['a village below a street', '440304006012', 'sz-futian-xiangmihu'],
    ['a street that 龙岗 does not have', '440307099', 'sz'],
    ['another town of 海丰', '441521101', undefined],
  ])('%s', (_, area, code) => {
    expect(unitForArea(units, area)).toBe(code);
  });

  it('has officers for every duty, at least two with a certificate in an inspected office', () => {
    const officers = shenzhenOfficers();
    const duties = new Set(officers.flatMap((officer) => officer.duties.split(';')));
    expect(duties).toEqual(new Set(['operator', 'directory-admin', 'auditor', 'registrar', 'dispatcher', 'inspector']));
    const codes = new Set(units.map((unit) => unit.code));
    for (const officer of officers) expect(codes.has(officer.unit)).toBe(true);
    expect(officers.filter((officer) => officer.unit === 'sz-futian-xiangmihu' && officer.certificate !== '')).toHaveLength(3);
    expect(new Set(officers.map((officer) => officer.id)).size).toBe(officers.length);
    expect(new Set(officers.map((officer) => officer.name)).size).toBe(officers.length);
  });
});

const load = (rows: readonly CalendarRow[]): ReturnType<typeof createCalendar> => {
  const years = new Map<number, { calendar: string; days: { date: string; working: boolean; name: string }[] }>();
  for (const { calendar, date, working, name } of rows) {
    const year = Number(date.slice(0, 4));
    const entry = years.get(year) ?? { calendar, days: [] };
    years.set(year, entry);
    entry.days.push({ date, working: working === 'true', name });
  }
  return createCalendar(years);
};

describe('calendars', () => {
  it('cn has the working days of its years', () => {
    const calendar = load(chinaCalendar());
    expect(calendar.workingDaysBetween('2025-12-31', '2026-12-31')).toBe(248);
    expect(calendar.addWorkingDays('2026-09-30', 3)).toBe('2026-10-10');
    expect(() => calendar.addWorkingDays('2026-12-31', 1)).toThrowError(/calendar cn: the year 2027/);
  });

  it.each([
    ['2012-01-02', "New Year's Day on a Sunday, kept on Monday"],
    ['2012-02-13', "Lincoln's Birthday kept on Monday"],
    ['2013-03-04', 'Pulaski Day'],
    ['2012-05-28', 'Memorial Day'],
    ['2013-11-28', 'Thanksgiving'],
    ['2015-07-03', 'Independence Day on a Saturday, kept on Friday'],
  ])('us-chicago: %s is free (%s)', (date) => {
    expect(load(chicagoCalendar()).isWorkingDay(date)).toBe(false);
  });

  it('us-chicago: works on the day after Thanksgiving', () => {
    expect(load(chicagoCalendar()).isWorkingDay('2013-11-29')).toBe(true);
  });
});

it("the replay's city has 50 wards", () => {
  const units = chicagoUnits();
  expect(byKind(units, 'office')).toHaveLength(50);
  expect(unitForArea(units, '171400042')).toBe('chi-ward-42');
  expect(unitForArea(units, '1714000')).toBe('chi');
});
