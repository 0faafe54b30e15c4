import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, CalendarYearMissing, createCalendar, dueDate, type CalendarDay } from './index.ts';

const range = (from: string, to: string, name: string): CalendarDay[] => {
  const days: CalendarDay[] = [];
  for (let date = from; date <= to; date = addDays(date, 1)) days.push({ date, working: false, name });
  return days;
};
const madeUp = (...dates: string[]): CalendarDay[] => dates.map((date) => ({ date, working: true, name: '调休上班' }));

/** The State Council's 2025 and 2026 schedules. */
const days2025 = [
  ...range('2025-01-01', '2025-01-01', '元旦'),
  ...range('2025-01-28', '2025-02-04', '春节'),
  ...range('2025-04-04', '2025-04-06', '清明节'),
  ...range('2025-05-01', '2025-05-05', '劳动节'),
  ...range('2025-05-31', '2025-06-02', '端午节'),
  ...range('2025-10-01', '2025-10-08', '国庆节、中秋节'),
  ...madeUp('2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'),
];
const days2026 = [
  ...range('2026-01-01', '2026-01-03', '元旦'),
  ...range('2026-02-15', '2026-02-23', '春节'),
  ...range('2026-04-04', '2026-04-06', '清明节'),
  ...range('2026-05-01', '2026-05-05', '劳动节'),
  ...range('2026-06-19', '2026-06-21', '端午节'),
  ...range('2026-09-25', '2026-09-27', '中秋节'),
  ...range('2026-10-01', '2026-10-07', '国庆节'),
  ...madeUp('2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'),
];
const calendar = createCalendar(
  new Map([
    [2025, { days: days2025 }],
    [2026, { days: days2026 }],
  ]),
  'cn',
);

describe('working days', () => {
  it.each([
    ['2026-02-12', ['2026-02-24', '2026-02-26', '2026-02-28', '2026-03-04', '2026-03-11', '2026-03-18', '2026-04-01']],
    ['2026-04-30', ['2026-05-08', '2026-05-11', '2026-05-13', '2026-05-18', '2026-05-25', '2026-06-01', '2026-06-15']],
    ['2026-09-18', ['2026-09-22', '2026-09-24', '2026-09-29', '2026-10-09', '2026-10-15', '2026-10-22', '2026-11-05']],
    ['2026-09-30', ['2026-10-10', '2026-10-13', '2026-10-15', '2026-10-20', '2026-10-27', '2026-11-03', '2026-11-17']],
  ])('counts 3, 5, 7, 10, 15, 20 and 30 working days from %s without the first day', (start, expected) => {
    expect([3, 5, 7, 10, 15, 20, 30].map((n) => calendar.addWorkingDays(start, n))).toEqual(expected);
  });

  it('has 248 working days in 2026', () => {
    expect(calendar.workingDaysBetween('2025-12-31', '2026-12-31')).toBe(248);
  });

  it.each([
    ['a Saturday made up is a working day', '2026-02-14', true],
    ['a Sunday made up is a working day', '2025-01-26', true],
    ['a weekday of a holiday is free', '2025-10-08', false],
    ['a plain Saturday is free', '2026-03-07', false],
    ['a plain Monday is a working day', '2026-03-09', true],
  ])('%s', (_, date, working) => {
    expect(calendar.isWorkingDay(date)).toBe(working);
  });

  it('crosses the year when both years are loaded', () => {
    expect(calendar.addWorkingDays('2025-12-31', 1)).toBe('2026-01-04');
  });

  it('refuses a limit that reaches a year not loaded, naming calendar and year', () => {
    expect(() => calendar.addWorkingDays('2026-12-28', 5)).toThrowError(
      expect.objectContaining({ name: 'CalendarYearMissing', reason: 'calendar-year-missing', calendar: 'cn', year: 2027 }),
    );
    expect(() => calendar.isWorkingDay('2024-12-31')).toThrowError(CalendarYearMissing);
  });

  it('stays quiet about a missing year that the limit does not reach', () => {
    expect(calendar.addWorkingDays('2026-12-28', 3)).toBe('2026-12-31');
  });

  it('refuses a date that does not exist and a count that is not a whole number', () => {
    expect(() => calendar.addWorkingDays('2026-02-30', 1)).toThrowError(/2026-02-30/);
    expect(() => calendar.addWorkingDays('2026-02-02', 1.5)).toThrowError(/1\.5/);
    expect(() => calendar.addWorkingDays('2026-02-02', -1)).toThrowError(/-1/);
  });

  it('refuses a day listed under the wrong year', () => {
    expect(() => createCalendar(new Map([[2026, { days: days2025 }]]), 'cn')).toThrowError(/2025-01-01 is listed under the year 2026/);
  });
});

describe('calendar days', () => {
  it.each([
    ['2026-07-05', 90, '2026-10-08'],
    ['2026-09-01', 30, '2026-10-08'],
  ])('%s + %i ends on the first day after the holiday', (start, n, expected) => {
    expect(calendar.addCalendarDays(start, n, { rollOver: true })).toBe(expected);
  });

  it('leaves the end on the holiday when rolling over is off', () => {
    expect(calendar.addCalendarDays('2026-07-05', 90, { rollOver: false })).toBe('2026-10-03');
  });

  it('moves an end on a plain weekend only by the switch', () => {
    expect(calendar.addCalendarDays('2026-03-02', 5, { rollOver: true })).toBe('2026-03-07');
    expect(calendar.addCalendarDays('2026-03-02', 5, { rollOver: true, weekends: true })).toBe('2026-03-09');
  });

  it('keeps an end on a Saturday that is worked', () => {
    expect(calendar.addCalendarDays('2026-09-30', 10, { rollOver: true, weekends: true })).toBe('2026-10-10');
  });

  it('refuses to roll over into a year not loaded', () => {
    expect(() => calendar.addCalendarDays('2026-12-01', 31, { rollOver: true })).toThrowError(/cn: the year 2027/);
  });

  it('takes a time limit of either unit', () => {
    expect(dueDate(calendar, '2026-09-30', { days: 5, unit: 'working-days' })).toBe('2026-10-13');
    expect(dueDate(calendar, '2026-09-01', { days: 30, unit: 'calendar-days' })).toBe('2026-10-08');
  });
});

describe('properties', () => {
  const start = fc.integer({ min: 0, max: 600 }).map((n) => addDays('2025-01-01', n));
  const count = fc.integer({ min: 0, max: 60 });

  it('n working days later has exactly n working days between, and ends on one', () => {
    fc.assert(
      fc.property(start, count, (date, n) => {
        const end = calendar.addWorkingDays(date, n);
        expect(calendar.workingDaysBetween(date, end)).toBe(n);
        if (n > 0) expect(calendar.isWorkingDay(end)).toBe(true);
      }),
    );
  });

  it('a later start or a longer limit never ends earlier', () => {
    fc.assert(
      fc.property(start, start, count, count, (a, b, m, n) => {
        const [early, late] = a <= b ? [a, b] : [b, a];
        const [short, long] = m <= n ? [m, n] : [n, m];
        expect(calendar.addWorkingDays(early, short) <= calendar.addWorkingDays(late, long)).toBe(true);
        const roll = { rollOver: true, weekends: true };
        expect(calendar.addCalendarDays(early, short, roll) <= calendar.addCalendarDays(late, long, roll)).toBe(true);
      }),
    );
  });

  it('subtracting undoes adding for a working day', () => {
    fc.assert(
      fc.property(start, count, (date, n) => {
        fc.pre(calendar.isWorkingDay(date));
        expect(calendar.subtractWorkingDays(calendar.addWorkingDays(date, n), n)).toBe(date);
      }),
    );
  });
});
