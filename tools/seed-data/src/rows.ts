/** A row of `units.csv`. `areas` are area code prefixes, separated by `;`; time zone and calendar belong to the city. */
export type UnitRow = {
  readonly code: string;
  readonly kind: 'city' | 'district' | 'office';
  readonly parent: string;
  readonly name: string;
  readonly areas: string;
  readonly validFrom: string;
  readonly timeZone: string;
  readonly calendar: string;
};
export const unitColumns = ['code', 'kind', 'parent', 'name', 'areas', 'validFrom', 'timeZone', 'calendar'] as const;

/** A row of `calendar.csv`: a day that differs from the plain week. `working` is `true` or `false`. */
export type CalendarRow = { readonly calendar: string; readonly date: string; readonly working: 'true' | 'false'; readonly name: string };
export const calendarColumns = ['calendar', 'date', 'working', 'name'] as const;

/** A row of `officers.csv`; `duties` are separated by `;`, the certificate 执法资格 is empty for who has none. */
export type OfficerRow = {
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly unit: string;
  readonly duties: string;
  readonly certificate: string;
  readonly certificateFrom: string;
  readonly certificateTo: string;
};
export const officerColumns = ['id', 'name', 'phone', 'unit', 'duties', 'certificate', 'certificateFrom', 'certificateTo'] as const;
