import { dateOfEpochDay, epochDay, isWeekendDay, yearOf, yearOfEpochDay, type LocalDate } from './dates.ts';

/**
 * A day that differs from the plain week, or a named day of a holiday 法定节假日 that falls on a weekend. A `working` day is
 * one made up 调休上班.
 */
export interface CalendarDay {
  readonly date: LocalDate;
  readonly working: boolean;
  readonly name: string;
}

/** One published year: without any day listed, Monday to Friday are working days. */
export interface CalendarYearDays {
  readonly calendar?: string;
  readonly days: readonly CalendarDay[];
}

/** A limit reaches a year whose calendar has not been published or loaded. It is never guessed. */
export class CalendarYearMissing extends Error {
  override readonly name = 'CalendarYearMissing';
  readonly reason = 'calendar-year-missing';
  readonly year: number;
  readonly calendar: string;

  constructor(calendar: string, year: number) {
    super(`calendar ${calendar}: the year ${year} is not loaded`);
    this.calendar = calendar;
    this.year = year;
  }
}

/** How a limit in calendar days ends when its last day is free. */
export interface RollOver {
  /** A last day on a statutory holiday moves to the first day after it (程序规定 art. 80). */
  readonly rollOver: boolean;
  /** The same for plain weekends, which is practice and not the text of the rule. Default `false`. */
  readonly weekends?: boolean;
}

/** Every method throws `CalendarYearMissing` for a year that was not given, and `RangeError` for a date that does not exist. */
export interface WorkingDayCalendar {
  isWorkingDay(date: LocalDate): boolean;
  /** A listed free day; a plain weekend is not one. */
  isStatutoryHoliday(date: LocalDate): boolean;
  /** The last day of a limit of `n` working days 工作日. The day of `date` itself is not counted. */
  addWorkingDays(date: LocalDate, n: number): LocalDate;
  /** The last day of a limit of `n` calendar days 自然日. The day of `date` itself is not counted. */
  addCalendarDays(date: LocalDate, n: number, options: RollOver): LocalDate;
  /** The working day `n` working days before `date`. */
  subtractWorkingDays(date: LocalDate, n: number): LocalDate;
  /** Working days after `from`, up to and including `to`. */
  workingDaysBetween(from: LocalDate, to: LocalDate): number;
}

/** Makes a calendar from its published years. `calendar` is the slug that errors name (default: that of the years). */
export const createCalendar = (years: ReadonlyMap<number, CalendarYearDays>, calendar?: string): WorkingDayCalendar => {
  const slug = calendar ?? [...years.values()].find((year) => year.calendar !== undefined)?.calendar ?? 'unnamed';
  const listed = new Map<number, CalendarDay>();
  for (const [year, { days }] of years) {
    for (const day of days) {
      if (yearOf(day.date) !== year) throw new RangeError(`calendar ${slug}: ${day.date} is listed under the year ${year}`);
      listed.set(epochDay(day.date), day);
    }
  }

  const lookUp = (day: number): CalendarDay | undefined => {
    const year = yearOfEpochDay(day);
    if (!years.has(year)) throw new CalendarYearMissing(slug, year);
    return listed.get(day);
  };
  const isWorking = (day: number): boolean => lookUp(day)?.working ?? !isWeekendDay(day);
  const isHoliday = (day: number): boolean => lookUp(day)?.working === false;

  const walk = (date: LocalDate, n: number, direction: 1 | -1): LocalDate => {
    let day = epochDay(date);
    for (let left = countOf(n); left > 0;) {
      day += direction;
      if (isWorking(day)) left--;
    }
    return dateOfEpochDay(day);
  };

  return {
    isWorkingDay: (date) => isWorking(epochDay(date)),
    isStatutoryHoliday: (date) => isHoliday(epochDay(date)),
    addWorkingDays: (date, n) => walk(date, n, 1),
    subtractWorkingDays: (date, n) => walk(date, n, -1),
    addCalendarDays(date, n, { rollOver, weekends = false }) {
      let end = epochDay(date) + countOf(n);
      const moves = (): boolean => isHoliday(end) || (weekends && !isWorking(end));
      while (rollOver && moves()) end++;
      return dateOfEpochDay(end);
    },
    workingDaysBetween(from, to) {
      const last = epochDay(to);
      let count = 0;
      for (let day = epochDay(from) + 1; day <= last; day++) if (isWorking(day)) count++;
      return count;
    },
  };
};

const countOf = (n: number): number => {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`a number of days must be a whole number from 0: ${n}`);
  return n;
};
