import { chicagoCalendar, chicagoUnits } from './chicago.ts';
import { chinaCalendar } from './china-calendar.ts';
import { csv } from './csv.ts';
import { calendarColumns, officerColumns, unitColumns } from './rows.ts';
import { shenzhenOfficers } from './shenzhen-officers.ts';
import { shenzhenUnits } from './shenzhen-units.ts';

export type { CalendarRow, OfficerRow, UnitRow } from './rows.ts';
export { chicagoCalendar, chicagoUnits } from './chicago.ts';
export { chinaCalendar } from './china-calendar.ts';
export { shenzhenOfficers } from './shenzhen-officers.ts';
export { shenzhenUnits } from './shenzhen-units.ts';

/** Every generated file below `data/`, by its path there. */
export const seedFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ['shenzhen/units.csv', csv(unitColumns, shenzhenUnits())],
    ['shenzhen/calendar.csv', csv(calendarColumns, chinaCalendar())],
    ['shenzhen/officers.csv', csv(officerColumns, shenzhenOfficers())],
    ['chicago-replay/units.csv', csv(unitColumns, chicagoUnits())],
    ['chicago-replay/calendar.csv', csv(calendarColumns, chicagoCalendar())],
  ]);
