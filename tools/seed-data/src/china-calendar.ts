import { addDays } from '@sanwang/statutory';
import type { CalendarRow } from './rows.ts';

/** The State Council's schedules 国务院办公厅关于部分节假日安排的通知: holidays with their weekend days, and days made up 调休上班. */
const holidays = `
2024-01-01 2024-01-01 元旦
2024-02-10 2024-02-17 春节
2024-04-04 2024-04-06 清明节
2024-05-01 2024-05-05 劳动节
2024-06-10 2024-06-10 端午节
2024-09-15 2024-09-17 中秋节
2024-10-01 2024-10-07 国庆节
2025-01-01 2025-01-01 元旦
2025-01-28 2025-02-04 春节
2025-04-04 2025-04-06 清明节
2025-05-01 2025-05-05 劳动节
2025-05-31 2025-06-02 端午节
2025-10-01 2025-10-08 国庆节、中秋节
2026-01-01 2026-01-03 元旦
2026-02-15 2026-02-23 春节
2026-04-04 2026-04-06 清明节
2026-05-01 2026-05-05 劳动节
2026-06-19 2026-06-21 端午节
2026-09-25 2026-09-27 中秋节
2026-10-01 2026-10-07 国庆节`;

const madeUp = `
2024-02-04 春节 2024-02-18 春节 2024-04-07 清明节 2024-04-28 劳动节 2024-05-11 劳动节 2024-09-14 中秋节 2024-09-29 国庆节 2024-10-12 国庆节
2025-01-26 春节 2025-02-08 春节 2025-04-27 劳动节 2025-09-28 国庆节、中秋节 2025-10-11 国庆节、中秋节
2026-01-04 元旦 2026-02-14 春节 2026-02-28 春节 2026-05-09 劳动节 2026-09-20 国庆节 2026-10-10 国庆节`;

/** The calendar `cn`, years 2024 to 2026. */
export const chinaCalendar = (): readonly CalendarRow[] => {
  const rows: CalendarRow[] = [];
  for (const line of holidays.trim().split('\n')) {
    const [from, to, name] = line.split(' ') as [string, string, string];
    for (let date = from; date <= to; date = addDays(date, 1)) rows.push({ calendar: 'cn', date, working: 'false', name });
  }
  for (const [, date, name] of madeUp.matchAll(/(\d{4}-\d{2}-\d{2}) (\S+)/g)) {
    rows.push({ calendar: 'cn', date: date!, working: 'true', name: `${name}调休上班` });
  }
  return rows.sort((a, b) => (a.date < b.date ? -1 : 1));
};
