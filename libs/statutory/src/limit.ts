import type { RollOver, WorkingDayCalendar } from './calendar.ts';
import type { LocalDate } from './dates.ts';

/** A statutory or ordered time limit 期限: so many working days 工作日 or calendar days 自然日. */
export interface TimeLimit {
  readonly days: number;
  readonly unit: 'working-days' | 'calendar-days';
}

/** The last day of a limit that starts on `start`; the starting day is not counted (程序规定 art. 80). */
export const dueDate = (
  calendar: WorkingDayCalendar,
  start: LocalDate,
  limit: TimeLimit,
  options: RollOver = { rollOver: true },
): LocalDate => {
  switch (limit.unit) {
    case 'working-days':
      return calendar.addWorkingDays(start, limit.days);
    case 'calendar-days':
      return calendar.addCalendarDays(start, limit.days, options);
  }
};
