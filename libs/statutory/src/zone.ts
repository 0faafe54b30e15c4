import { addDays, isLocalDate, type LocalDate } from './dates.ts';

const hourMs = 3_600_000;

// Building a formatter costs a hundred times its use. What is kept here is a pure function of the zone's name.
const formatters = new Map<string, Intl.DateTimeFormat>();
const formatterOf = (timeZone: string): Intl.DateTimeFormat => {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
};

/** What a clock on the wall shows there: `YYYY-MM-DDTHH:MM:SS`. */
const wallTime = (ms: number, timeZone: string): string => {
  const part: Record<string, string> = {};
  for (const { type, value } of formatterOf(timeZone).formatToParts(ms)) part[type] = value;
  return `${part.year!.padStart(4, '0')}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`;
};

/** Milliseconds by which the zone's wall clock is ahead of UTC at `ms`. */
const offsetAt = (ms: number, timeZone: string): number => {
  const wholeSecond = Math.floor(ms / 1000) * 1000;
  return Date.parse(`${wallTime(ms, timeZone)}Z`) - wholeSecond;
};

const instantOf = (ms: number): string => new Date(ms).toISOString();
const dateAt = (ms: number, timeZone: string): LocalDate => wallTime(ms, timeZone).slice(0, 10);

/** The local date on which an instant (RFC 3339) falls in an IANA time zone, whatever the machine's own zone is. */
export const localDateOf = (instant: string, timeZone: string): LocalDate => {
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) throw new RangeError(`not an instant (RFC 3339): ${instant}`);
  return dateAt(ms, timeZone);
};

const startMs = (date: LocalDate, timeZone: string): number => {
  if (!isLocalDate(date)) throw new RangeError(`not a local date (YYYY-MM-DD): ${date}`);
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const guess = midnight - offsetAt(midnight - offsetAt(midnight, timeZone), timeZone);
  if (dateAt(guess, timeZone) === date && dateAt(guess - 1, timeZone) < date) return guess;
  // The clock changes about midnight: look for the first millisecond that no longer belongs to an earlier date.
  let before = midnight - 16 * hourMs;
  let from = midnight + 16 * hourMs;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (dateAt(middle, timeZone) < date) before = middle;
    else from = middle;
  }
  return from;
};

/** The first instant of a local day, which need not be 00:00 where clocks change at midnight. */
export const startOfLocalDay = (date: LocalDate, timeZone: string): string => instantOf(startMs(date, timeZone));

/** The last millisecond of a local day: a limit that ends on the day has passed after it. */
export const endOfLocalDay = (date: LocalDate, timeZone: string): string => instantOf(startMs(addDays(date, 1), timeZone) - 1);

/**
 * The instant at which the local clock shows `time` (`HH:MM` or `HH:MM:SS`). Of a time that occurs twice the first one; a time that the
 * clock skips is taken as if it had not yet been put forward.
 */
export const localTimeOn = (date: LocalDate, time: string, timeZone: string): string => {
  const wall = Date.parse(`${date}T${time}Z`);
  if (!isLocalDate(date) || !/^\d{2}:\d{2}(:\d{2})?$/.test(time) || Number.isNaN(wall)) {
    throw new RangeError(`not a local time: ${date} ${time}`);
  }
  const before = offsetAt(wall - 24 * hourMs, timeZone);
  const after = offsetAt(wall + 24 * hourMs, timeZone);
  if (before === after) return instantOf(wall - before);
  const fitting = [before, after].map((offset) => wall - offset).filter((ms) => ms + offsetAt(ms, timeZone) === wall);
  return instantOf(fitting.length > 0 ? Math.min(...fitting) : wall - before);
};
