/** A date of the local calendar, `YYYY-MM-DD`; local dates compare as strings. */
export type LocalDate = string;

const dayMs = 86_400_000;
const form = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Days are counted from 1970-01-01 where many are gone through. */
export const dateOfEpochDay = (day: number): LocalDate => new Date(day * dayMs).toISOString().slice(0, 10);
export const yearOfEpochDay = (day: number): number => new Date(day * dayMs).getUTCFullYear();
/** 1970-01-01 was a Thursday. */
export const isWeekendDay = (day: number): boolean => ((((day + 4) % 7) + 7) % 7) % 6 === 0;

/** True for a date that exists: `2026-02-30` does not. */
export const isLocalDate = (text: string): boolean => {
  if (!form.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && dateOfEpochDay(ms / dayMs) === text;
};

export const epochDay = (date: LocalDate): number => {
  if (!isLocalDate(date)) throw new RangeError(`not a local date (YYYY-MM-DD): ${date}`);
  return Date.parse(`${date}T00:00:00Z`) / dayMs;
};

/** The date `days` calendar days 自然日 later, or earlier when negative. */
export const addDays = (date: LocalDate, days: number): LocalDate => dateOfEpochDay(epochDay(date) + days);

/** Calendar days from `from` to `to`; negative when `to` is earlier. */
export const daysBetween = (from: LocalDate, to: LocalDate): number => epochDay(to) - epochDay(from);

export const yearOf = (date: LocalDate): number => Number(date.slice(0, 4));

/** True for Saturday and Sunday. */
export const isWeekend = (date: LocalDate): boolean => isWeekendDay(epochDay(date));
