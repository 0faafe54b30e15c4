export * from './calendar.ts';
export { addDays, daysBetween, isLocalDate, isWeekend, yearOf, type LocalDate } from './dates.ts';
export * from './limit.ts';
export * from './zone.ts';
