import { severityOf, type Severity } from './checklist.ts';
import type { Plan } from './plan.ts';
import type { OrderOutcome, OrderSeverity } from './policy.ts';
import type { Row, VisitResult } from './rows.ts';
import type { StepKind } from './steps.ts';
import type { WardOrigin } from './wards.ts';
import type { WorkKind } from './work.ts';

/** What the file itself says: the platform must show these figures at the end. */
export interface FileCounts {
  readonly rows: number;
  readonly businesses: number;
  readonly visits: Readonly<Record<VisitResult, number>>;
  /** Violated items. */
  readonly items: Readonly<Record<Severity, number>> & { readonly total: number };
  readonly missing: Readonly<Record<'ward' | 'coordinates' | 'inspector' | 'facilityType', number>>;
  readonly failedWithoutItem: number;
}

/** What had to be found out about the file's rows. */
export interface DerivedCounts {
  readonly wards: Readonly<Record<WardOrigin, number>>;
  readonly renamed: number;
  readonly moved: number;
  /** Visits whose result does not follow from their items. */
  readonly reasons: number;
}

/** What the policy made up. */
export interface PolicyCounts {
  readonly work: Readonly<Record<Exclude<WorkKind, 'routine'>, number>>;
  readonly orders: Readonly<Record<OrderSeverity, number>>;
  readonly outcomes: Readonly<Record<OrderOutcome, number>>;
  /** Orders whose limit passes without a report. */
  readonly overdue: number;
  readonly correctedOnTheSpot: number;
  readonly samples: number;
  readonly clues: number;
}

const zero = <K extends string>(...keys: readonly K[]): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;

/** The figures of the file. */
export const expectedCounts = (rows: readonly Row[]): FileCounts => {
  const visits = zero('pass', 'pass-with-conditions', 'fail');
  const items = zero('critical', 'serious', 'minor');
  const missing = zero('ward', 'coordinates', 'inspector', 'facilityType');
  let failedWithoutItem = 0;
  for (const row of rows) {
    visits[row.result]++;
    for (const item of row.items) items[severityOf(item)!]++;
    for (const field of ['ward', 'coordinates', 'inspector', 'facilityType'] as const) if (row[field] === undefined) missing[field]++;
    if (row.result === 'fail' && row.items.length === 0) failedWithoutItem++;
  }
  return {
    rows: rows.length,
    businesses: new Set(rows.map((row) => row.licence)).size,
    visits,
    items: { ...items, total: items.critical + items.serious + items.minor },
    missing,
    failedWithoutItem,
  };
};

/** What the plan adds to the file, the made-up apart from the derived. */
export const planCounts = (plan: Plan): { readonly derived: DerivedCounts; readonly policy: PolicyCounts } => {
  const wards = zero('file', 'licence', 'nearest', 'city');
  const work = zero('routine', 'recheck', 'complaint', 'risk', 'revisit');
  const orders = zero('critical', 'serious');
  const outcomes = zero('in-time', 'late', 'second-limit', 'never');
  const sums = zero('reasons', 'correctedOnTheSpot', 'samples', 'clues');
  for (const { origin } of plan.placed) wards[origin]++;
  for (const one of plan.work) {
    work[one.kind]++;
    if (one.reason !== undefined) sums.reasons++;
    if (one.correctedOnSpot.length > 0) sums.correctedOnTheSpot++;
    if (one.sample.length > 0) sums.samples++;
    if (one.checklist.type === 'round' && one.violated.length > 0) sums.clues++;
    if (one.order) {
      orders[one.order.severity]++;
      outcomes[one.order.outcome]++;
    }
  }
  const { at } = plan.businesses;
  const { routine: _, ...added } = work;
  const { reasons, ...rest } = sums;
  return {
    derived: { wards, renamed: at.filter((one) => one.renamed).length, moved: at.filter((one) => one.moved).length, reasons },
    policy: { work: added, orders, outcomes, overdue: outcomes.late + outcomes.never, ...rest },
  };
};

/** How many steps of each kind the plan has; goes through every day. */
export const stepCounts = (plan: Plan): ReadonlyMap<StepKind, number> => {
  const counts = new Map<StepKind, number>();
  for (const { chains } of plan.days()) {
    for (const { steps } of chains) for (const { kind } of steps) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
};
