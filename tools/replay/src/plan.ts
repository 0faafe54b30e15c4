import { startOfLocalDay, type LocalDate, type WorkingDayCalendar } from '@sanwang/statutory';
import { followBusinesses, type Businesses } from './businesses.ts';
import { phasesOf, registration, stepsOf, type Phase } from './expand.ts';
import { createPolicy, hour } from './policy.ts';
import type { Row } from './rows.ts';
import type { Step, StepKey } from './steps.ts';
import { placeRows, type Placed } from './wards.ts';
import { workOfRow, type Work } from './work.ts';

export interface PlanOptions {
  readonly rows: readonly Row[];
  readonly seed: string;
  /** Of the city unit. */
  readonly timeZone: string;
  readonly calendar: WorkingDayCalendar;
}

/** The steps of one business on one day, to be carried out one after the other. Chains of one day are independent of one another. */
export interface Chain {
  readonly businessId: string;
  readonly steps: readonly Step[];
}

/** One day: advance the clock to `clock`, which is after every `at` of the day; then carry out the chains, then settle. */
export interface DayPlan {
  readonly date: LocalDate;
  readonly clock: string;
  readonly chains: readonly Chain[];
}

/** The whole replay. It follows from the rows, the seed and the city's calendar alone, so any day can be asked for at any time. */
export interface Plan {
  /** Where the simulated clock begins: the start of the first day. */
  readonly begin: string;
  readonly firstDay: LocalDate;
  /** No order is open after it. */
  readonly lastDay: LocalDate;
  /** The days that have something to do, from `from` on. */
  days(from?: LocalDate): Iterable<DayPlan>;
  day(date: LocalDate): DayPlan;
  /** The step with this key: a resumed replay sends a making step again to learn the id. */
  step(key: StepKey): Step | undefined;
  readonly rows: readonly Row[];
  readonly placed: readonly Placed[];
  readonly businesses: Businesses;
  readonly work: readonly Work[];
}

interface Entry {
  readonly work: Work;
  readonly phase: Phase;
}

/** Plans the replay. Throws `CalendarYearMissing` when a date reaches a year that the city's calendar does not have. */
export const createPlan = ({ rows, seed, timeZone, calendar }: PlanOptions): Plan => {
  const rules = createPolicy(seed, timeZone, calendar);
  const placed = placeRows(rows);
  const businesses = followBusinesses(rows, placed);
  const work = rows.flatMap((row, index) => workOfRow(row, businesses.at[index]!, rules));

  const byId = new Map(work.map((one) => [one.id, one]));
  const entries = new Map<LocalDate, Entry[]>();
  const registeredOn = new Map<string, LocalDate>();
  for (const one of work) {
    for (const { date, phase } of phasesOf(one)) {
      const ofDay = entries.get(date);
      if (ofDay) ofDay.push({ work: one, phase });
      else entries.set(date, [{ work: one, phase }]);
    }
    const { businessId } = one.business;
    const earlier = registeredOn.get(businessId);
    if (earlier === undefined || one.pooledOn < earlier) registeredOn.set(businessId, one.pooledOn);
  }
  const dates = [...entries.keys()].sort();
  const [firstDay, lastDay] = [dates[0], dates.at(-1)];
  if (firstDay === undefined || lastDay === undefined) throw new RangeError('there is no row to replay');

  const register = (businessId: string): Step | undefined => {
    const business = businesses.registrations.get(businessId);
    return business && registration(businessId, business, registeredOn.get(businessId)!, rules);
  };

  const day = (date: LocalDate): DayPlan => {
    const chains = new Map<string, Step[]>();
    for (const { work: one, phase } of entries.get(date) ?? []) {
      const { businessId } = one.business;
      let steps = chains.get(businessId);
      if (!steps) {
        steps = registeredOn.get(businessId) === date ? [register(businessId)!] : [];
        chains.set(businessId, steps);
      }
      steps.push(...stepsOf(one, phase, rules));
    }
    return {
      date,
      clock: rules.instant(date, hour(18)),
      chains: [...chains].map(([businessId, steps]) => ({ businessId, steps })),
    };
  };

  return {
    begin: startOfLocalDay(firstDay, timeZone),
    firstDay,
    lastDay,
    *days(from = firstDay) {
      for (const date of dates) if (date >= from) yield day(date);
    },
    day,
    step(key) {
      const id = key.slice(0, key.indexOf(':'));
      const one = byId.get(id);
      if (!one) return [register(id)].find((step) => step?.key === key);
      for (const { phase } of phasesOf(one)) {
        const found = stepsOf(one, phase, rules).find((step) => step.key === key);
        if (found) return found;
      }
      return undefined;
    },
    rows,
    placed,
    businesses,
    work,
  };
};
