import { endOfLocalDay, localTimeOn, startOfLocalDay, type LocalDate, type TimeLimit, type WorkingDayCalendar } from '@sanwang/statutory';
import type { Severity } from './checklist.ts';
import { draw, drawInteger } from './draw.ts';
import type { Coordinates } from './rows.ts';

// What the file of routine visits does not have is made up here, and only here. README.md says it in words.

/** In time; late, after the order was overdue; at a second limit, as the first recheck found it not corrected; never: a case is suggested. */
export type OrderOutcome = 'in-time' | 'late' | 'second-limit' | 'never';
export type OrderSeverity = Exclude<Severity, 'minor'>;

interface OrderPolicy {
  readonly limit: TimeLimit;
  readonly shares: Readonly<Record<Exclude<OrderOutcome, 'in-time'>, number>>;
}

export const policy = {
  /** Working days between pooling and visit; a few tasks lie longer than their own limit. */
  lead: { from: 1, to: 5, longShare: 0.02, long: 25 },
  taskLimit: { days: 15, unit: 'working-days' },
  orders: {
    critical: { limit: { days: 5, unit: 'working-days' }, shares: { late: 0.09, 'second-limit': 0.04, never: 0.04 } },
    serious: { limit: { days: 15, unit: 'calendar-days' }, shares: { late: 0.14, 'second-limit': 0.04, never: 0.03 } },
  } satisfies Record<OrderSeverity, OrderPolicy>,
  secondLimit: { days: 5, unit: 'working-days' },
  /** Working days after the limit at which a late correction comes, or a recheck without one is pooled. */
  overrun: { from: 1, to: 10 },
  /** Working days from a recheck's pooling to its visit. */
  recheckLead: { from: 1, to: 3 },
  complaintShare: 0.02,
  riskShare: 0.015,
  /** Of the risk rounds, how many find something: a clue. */
  clueShare: 0.2,
  /** Of the failed visits with item 1 or 3 (source and temperature of food), how many call for a sample. */
  sampleShare: 0.05,
  /** Working days after the row's visit at which a complaint or risk task is pooled. */
  extraDelay: { from: 1, to: 20 },
  /** Working days after a failed visit without any item at which a second visit is pooled. */
  revisitDelay: 10,
  deviationShare: 0.03,
} as const;

/** The seeded answers of the policy, for one city's calendar and time zone. */
export interface Policy {
  readonly seed: string;
  readonly calendar: WorkingDayCalendar;
  draw(id: string, purpose: string): number;
  integer(id: string, purpose: string, range: { readonly from: number; readonly to: number }): number;
  /** The instant at which clocks show so many minutes after midnight. */
  instant(date: LocalDate, minutes: number): string;
  /** The working day so many working days after (or before) a date. */
  workingDay(date: LocalDate, n: number): LocalDate;
  orderOutcome(id: string, severity: OrderSeverity): OrderOutcome;
  /** Begin and end of a visit, instants within the working hours 09:00 to 17:30. */
  visitTimes(id: string, date: LocalDate): { readonly startedAt: string; readonly completedAt: string };
  /** Where the officers sign in: some metres off, and now and then far off. */
  position(id: string, site: Coordinates): Coordinates & { readonly accuracy: number };
}

export const createPolicy = (seed: string, timeZone: string, calendar: WorkingDayCalendar): Policy => {
  const integer: Policy['integer'] = (id, purpose, { from, to }) => drawInteger(seed, id, purpose, from, to);
  // Of nearly every day the start is enough to know; only where clocks change must the zone be asked for each time.
  const plainDays = new Map<LocalDate, number | undefined>();
  const startOf = (date: LocalDate): number | undefined => {
    if (!plainDays.has(date)) {
      const start = Date.parse(startOfLocalDay(date, timeZone));
      plainDays.set(date, Date.parse(endOfLocalDay(date, timeZone)) - start === 24 * 3_600_000 - 1 ? start : undefined);
    }
    return plainDays.get(date);
  };
  const instant: Policy['instant'] = (date, minutes) => {
    const start = startOf(date);
    return start === undefined ? localTimeOn(date, clockTime(minutes), timeZone) : new Date(start + minutes * 60_000).toISOString();
  };
  return {
    seed,
    calendar,
    instant,
    draw: (id, purpose) => draw(seed, id, purpose),
    integer,
    workingDay: (date, n) => (n < 0 ? calendar.subtractWorkingDays(date, -n) : calendar.addWorkingDays(date, n)),
    orderOutcome(id, severity) {
      let left = draw(seed, id, 'outcome');
      for (const [outcome, share] of Object.entries(policy.orders[severity].shares) as [OrderOutcome, number][]) {
        if (left < share) return outcome;
        left -= share;
      }
      return 'in-time';
    },
    visitTimes(id, date) {
      const start = hour(9) + 5 * integer(id, 'start', { from: 0, to: 84 });
      const end = start + integer(id, 'duration', { from: 25, to: 90 });
      return { startedAt: instant(date, start), completedAt: instant(date, end) };
    },
    position(id, site) {
      const far = draw(seed, id, 'deviates') < policy.deviationShare;
      const metres = integer(id, 'metres', far ? { from: 300, to: 900 } : { from: 2, to: 40 });
      const angle = 2 * Math.PI * draw(seed, id, 'angle');
      const north = (metres * Math.cos(angle)) / metresPerDegree;
      const east = (metres * Math.sin(angle)) / (metresPerDegree * Math.cos((site.latitude * Math.PI) / 180));
      return {
        latitude: rounded(site.latitude + north),
        longitude: rounded(site.longitude + east),
        accuracy: integer(id, 'accuracy', { from: 3, to: 25 }),
      };
    },
  };
};

/** Minutes after midnight. */
export const hour = (hours: number, minutes = 0): number => hours * 60 + minutes;

const metresPerDegree = 111_195;
const rounded = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;
const clockTime = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
