import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';

/** One day that differs from Monday to Friday: a public holiday 法定节假日, or a make-up working day 调休上班. */
export const calendarDay = z.object({ date: z.iso.date(), working: z.boolean(), name: z.string() });

export const calendarEvents = {
  CalendarYearPublished: defineEvent('CalendarYearPublished', {
    visibility: 'public',
    description: 'The working-day calendar of one year, as data: the days that differ from Monday to Friday, and the source that says so.',
    schema: z.object({ calendar: z.string(), year: z.int(), days: z.array(calendarDay), source: z.string() }),
  }),
};
export type CalendarEvent = EventsOf<typeof calendarEvents>;
export type CalendarYearData = CalendarEvent['data'];
