import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCalendar, type CalendarDay, type WorkingDayCalendar } from '@sanwang/statutory';
import { parse } from 'csv-parse/sync';

export interface UnitRow {
  readonly code: string;
  readonly kind: string;
  readonly parent?: string;
  readonly name: string;
  readonly areas: readonly string[];
  readonly validFrom: string;
  readonly timeZone?: string;
  readonly calendar?: string;
}

/** A city as its folder of CSV files has it. */
export interface City {
  readonly units: readonly UnitRow[];
  readonly timeZone: string;
  /** The slug of the city unit's calendar, and its years. */
  readonly calendarName: string;
  readonly years: ReadonlyMap<number, { readonly calendar: string; readonly days: readonly CalendarDay[] }>;
  readonly calendar: WorkingDayCalendar;
}

/** The folder of the replay's city, which ships with the project. */
export const replayCityFolder = join(import.meta.dirname, '../../../data/chicago-replay');
/** The made-up city's file of inspections, which ships with the project. */
export const sampleFile = join(import.meta.dirname, '../../../data/sample-city/inspections.csv');

/** Reads `units.csv` and `calendar.csv` of a city's folder. */
export const readCity = (folder: string): City => {
  const table = (file: string): Record<string, string>[] => parse(readFileSync(join(folder, file)), { columns: true, bom: true });
  const units = table('units.csv').map(({ code = '', kind = '', parent, name = '', areas = '', validFrom = '', timeZone, calendar }) => ({
    code,
    kind,
    ...(parent && { parent }),
    name,
    areas: areas.split(';'),
    validFrom,
    ...(timeZone && { timeZone }),
    ...(calendar && { calendar }),
  }));
  const city: UnitRow | undefined = units.find((unit) => unit.kind === 'city');
  if (!city?.timeZone || !city.calendar) throw new Error(`${folder}: there is no city unit with time zone and calendar`);

  const years = new Map<number, { calendar: string; days: CalendarDay[] }>();
  for (const { calendar = '', date = '', working, name = '' } of table('calendar.csv')) {
    if (calendar !== city.calendar) continue;
    const year = Number(date.slice(0, 4));
    const entry = years.get(year) ?? { calendar, days: [] };
    years.set(year, entry);
    entry.days.push({ date, working: working === 'true', name });
  }
  return { units, timeZone: city.timeZone, calendarName: city.calendar, years, calendar: createCalendar(years, city.calendar) };
};
