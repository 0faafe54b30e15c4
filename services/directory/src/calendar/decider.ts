import { invalid, sameData, type Aggregate } from '@sanwang/kernel';
import type { CalendarEvent, CalendarYearData } from './events.ts';

export interface PublishCalendarYear {
  readonly type: 'publish';
  readonly year: CalendarYearData;
}
export type CalendarState = { readonly status: 'none' } | { readonly status: 'published'; readonly year: CalendarYearData };

/** Id of the stream of one calendar's year. */
export const calendarId = (calendar: string, year: number): string => `${calendar}-${year}`;

export const calendar: Aggregate<PublishCalendarYear, CalendarEvent, CalendarState> = {
  context: 'directory',
  name: 'Calendar',
  initial: { status: 'none' },
  decide({ year }, state) {
    const days = [...year.days].sort((a, b) => (a.date < b.date ? -1 : 1));
    for (const [index, day] of days.entries()) {
      if (!day.date.startsWith(`${year.year}-`)) throw invalid('calendar-day', 'days', `days of ${year.year} only, not ${day.date}`);
      if (day.date === days[index - 1]?.date) throw invalid('calendar-day', 'days', `each day once, ${day.date} stands there twice`);
    }
    const next = { calendar: year.calendar, year: year.year, days, source: year.source };
    if (state.status === 'published' && sameData(state.year, next)) return [];
    return [{ type: 'CalendarYearPublished', data: next }];
  },
  evolve: (_state, event) => ({ status: 'published', year: event.data }),
};
