import { specify } from '@sanwang/testing';
import { describe, test } from 'vitest';
import { calendar } from './decider.ts';
import type { CalendarEvent, CalendarYearData } from './events.ts';

const holiday = { date: '2026-10-01', working: false, name: '国庆节' };
const makeUp = { date: '2026-10-10', working: true, name: '国庆节调休' };
const year: CalendarYearData = { calendar: 'china', year: 2026, days: [holiday, makeUp], source: '国办发明电〔2025〕' };
const published: CalendarEvent = { type: 'CalendarYearPublished', data: year };
const { given } = specify(calendar);

describe('a calendar year', () => {
  test('is published with its days in order', () =>
    given()
      .when({ type: 'publish', year: { ...year, days: [makeUp, holiday] } })
      .then(published));
  test('stays quiet when the same content is published again', () => given(published).when({ type: 'publish', year }).staysQuiet());
  test('is published anew when its content changed', () => {
    const next = { ...year, days: [holiday] };
    given(published).when({ type: 'publish', year: next }).then({ type: 'CalendarYearPublished', data: next });
  });
  test('refuses a day of another year', () =>
    given()
      .when({ type: 'publish', year: { ...year, days: [{ ...holiday, date: '2027-01-01' }] } })
      .refuses('invalid-argument', 'calendar-day', 'days'));
  test('refuses the same day twice', () =>
    given()
      .when({ type: 'publish', year: { ...year, days: [holiday, { ...holiday, working: true }] } })
      .refuses('invalid-argument', 'calendar-day', 'days'));
});
