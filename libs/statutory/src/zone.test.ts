import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, endOfLocalDay, localDateOf, localTimeOn, startOfLocalDay } from './index.ts';

const chicago = 'America/Chicago';
const hours = (date: string, zone: string): number =>
  (Date.parse(endOfLocalDay(date, zone)) + 1 - Date.parse(startOfLocalDay(date, zone))) / 3_600_000;

describe('local days', () => {
  it.each([
    ['winter', '2014-01-15', chicago, '2014-01-15T06:00:00.000Z'],
    ['summer', '2014-07-15', chicago, '2014-07-15T05:00:00.000Z'],
    ['the day clocks go forward', '2014-03-09', chicago, '2014-03-09T06:00:00.000Z'],
    ['the day after', '2014-03-10', chicago, '2014-03-10T05:00:00.000Z'],
    ['the day clocks go back', '2013-11-03', chicago, '2013-11-03T05:00:00.000Z'],
    ['the day after', '2013-11-04', chicago, '2013-11-04T06:00:00.000Z'],
    ['Shenzhen', '2026-02-12', 'Asia/Shanghai', '2026-02-11T16:00:00.000Z'],
    ['a midnight that the clock skips', '2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    ['half-hour zones', '2026-02-12', 'Asia/Kolkata', '2026-02-11T18:30:00.000Z'],
  ])('start: %s', (_, date, zone, instant) => {
    expect(startOfLocalDay(date, zone)).toBe(instant);
  });

  it('have 23 and 25 hours when Chicago changes its clocks', () => {
    expect([hours('2014-03-09', chicago), hours('2013-11-03', chicago), hours('2014-01-15', chicago)]).toEqual([23, 25, 24]);
  });

  it('end one millisecond before the next begins', () => {
    expect(endOfLocalDay('2013-11-03', chicago)).toBe('2013-11-04T05:59:59.999Z');
  });

  it('put an instant on the date of the zone, not of UTC', () => {
    expect(localDateOf('2014-07-15T04:59:59.999Z', chicago)).toBe('2014-07-14');
    expect(localDateOf('2014-07-15T05:00:00.000Z', chicago)).toBe('2014-07-15');
    expect(localDateOf('2026-02-11T16:00:00.000Z', 'Asia/Shanghai')).toBe('2026-02-12');
  });

  it('are whole: both ends fall on the date, and one step further does not', () => {
    const zone = fc.constantFrom(chicago, 'Asia/Shanghai', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Pacific/Kiritimati', 'UTC');
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 9000 }), (timeZone, n) => {
        const date = addDays('2005-01-01', n);
        const start = Date.parse(startOfLocalDay(date, timeZone));
        expect(localDateOf(new Date(start).toISOString(), timeZone)).toBe(date);
        expect(localDateOf(new Date(start - 1).toISOString(), timeZone)).toBe(addDays(date, -1));
        expect(localDateOf(endOfLocalDay(date, timeZone), timeZone)).toBe(date);
      }),
    );
  });

  it('refuse what is not an instant, a date or a zone', () => {
    expect(() => localDateOf('yesterday', chicago)).toThrowError(RangeError);
    expect(() => startOfLocalDay('2026-02-30', chicago)).toThrowError(RangeError);
    expect(() => startOfLocalDay('2026-02-12', 'Mars/Olympus')).toThrowError(RangeError);
  });
});

describe('local times', () => {
  it.each([
    ['winter', '2014-01-15', '09:30', '2014-01-15T15:30:00.000Z'],
    ['summer', '2014-07-15', '09:30', '2014-07-15T14:30:00.000Z'],
    ['the first of a time that occurs twice', '2013-11-03', '01:30', '2013-11-03T06:30:00.000Z'],
    ['a skipped time, as before the change', '2014-03-09', '02:30', '2014-03-09T08:30:00.000Z'],
    ['after the change', '2014-03-09', '12:00:05', '2014-03-09T17:00:05.000Z'],
  ])('%s', (_, date, time, instant) => {
    expect(localTimeOn(date, time, chicago)).toBe(instant);
  });

  it('refuse a time that no clock shows', () => {
    expect(() => localTimeOn('2014-01-15', '25:00', chicago)).toThrowError(RangeError);
  });
});
