import { addDays, isWeekend } from '@sanwang/statutory';
import type { CalendarRow, UnitRow } from './rows.ts';

const validFrom = '2011-01-01';
const wards = Array.from({ length: 50 }, (_, index) => String(index + 1).padStart(2, '0'));

/** The replay's city: one city unit and an office for each of the 50 wards; ward NN has the area code 1714000NN. */
export const chicagoUnits = (): readonly UnitRow[] => [
  {
    code: 'chi',
    kind: 'city',
    parent: '',
    name: 'Chicago food protection',
    areas: '1714000',
    validFrom,
    timeZone: 'America/Chicago',
    calendar: 'us-chicago',
  },
  ...wards.map((ward): UnitRow => ({
    code: `chi-ward-${ward}`,
    kind: 'office',
    parent: 'chi',
    name: `Ward ${Number(ward)} office`,
    areas: `1714000${ward}`,
    validFrom,
    timeZone: '',
    calendar: '',
  })),
];

const date = (year: number, month: number, day: number): string => new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10);
const weekday = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay();

/** The n-th Monday (1) … Thursday (4) of a month; n = -1 is the last one. */
const nth = (year: number, month: number, wanted: number, n: number): string => {
  if (n < 0) {
    const last = date(year, month + 1, 0);
    return addDays(last, -((weekday(last) - wanted + 7) % 7));
  }
  const first = date(year, month, 1);
  return addDays(first, ((wanted - weekday(first) + 7) % 7) + 7 * (n - 1));
};

/** A fixed date on a Saturday is kept on the Friday before, on a Sunday on the Monday after. */
const observed = (day: string): string => (isWeekend(day) ? addDays(day, weekday(day) === 6 ? -1 : 1) : day);

/** The calendar `us-chicago`, 2011 to 2015: the federal holidays and the city's own (Lincoln's birthday, Pulaski day). */
export const chicagoCalendar = (): readonly CalendarRow[] => {
  const rows: CalendarRow[] = [];
  for (let year = 2011; year <= 2015; year++) {
    const holidays: readonly (readonly [string, string])[] = [
      [date(year, 1, 1), "New Year's Day"],
      [nth(year, 1, 1, 3), 'Martin Luther King Day'],
      [date(year, 2, 12), "Lincoln's Birthday"],
      [nth(year, 2, 1, 3), "Presidents' Day"],
      [nth(year, 3, 1, 1), 'Pulaski Day'],
      [nth(year, 5, 1, -1), 'Memorial Day'],
      [date(year, 7, 4), 'Independence Day'],
      [nth(year, 9, 1, 1), 'Labor Day'],
      [nth(year, 10, 1, 2), 'Columbus Day'],
      [date(year, 11, 11), 'Veterans Day'],
      [nth(year, 11, 4, 4), 'Thanksgiving Day'],
      [date(year, 12, 25), 'Christmas Day'],
    ];
    for (const [day, name] of holidays) {
      rows.push({ calendar: 'us-chicago', date: day, working: 'false', name });
      if (observed(day) !== day) rows.push({ calendar: 'us-chicago', date: observed(day), working: 'false', name: `${name} (observed)` });
    }
  }
  return rows.filter((row) => row.date >= '2011' && row.date < '2016').sort((a, b) => (a.date < b.date ? -1 : 1));
};
