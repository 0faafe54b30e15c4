import { dueDate, type LocalDate, type TimeLimit } from '@sanwang/statutory';
import type { BusinessAt } from './businesses.ts';
import { inspectionForm, roundForm, severityOf, type Checklist } from './checklist.ts';
import { conclude, ofSeverity } from './conclusion.ts';
import { drawInteger } from './draw.ts';
import { visitOfficers } from './officers.ts';
import { policy, type OrderOutcome, type OrderSeverity, type Policy } from './policy.ts';
import type { Row, VisitResult } from './rows.ts';

/** Why there is a task: the file's routine visits, and what the policy adds. `revisit` follows a failed visit without any item. */
export type WorkKind = 'routine' | 'recheck' | 'complaint' | 'risk' | 'revisit';

/** One task from pool to closing, with its dates: pooled and given out on one day, visited and closed on another. */
export interface Work {
  /** `row-<inspection id>`, with a suffix for what the policy adds. */
  readonly id: string;
  readonly kind: WorkKind;
  readonly business: BusinessAt;
  readonly checklist: Checklist;
  readonly pooledOn: LocalDate;
  readonly dueOn: LocalDate;
  readonly visitedOn: LocalDate;
  /** The first one leads. */
  readonly officers: readonly string[];
  readonly violated: readonly number[];
  readonly correctedOnSpot: readonly number[];
  readonly result: VisitResult;
  readonly reason?: string;
  readonly sample: readonly number[];
  readonly order?: Order;
  /** Of a recheck: the order, and which of its rounds. */
  readonly recheckOf?: { readonly work: string; readonly round: Round };
}

/** An order to correct 责令改正, round by round: a second round has a new limit, given at the first one's recheck. */
export interface Order {
  readonly severity: OrderSeverity;
  readonly items: readonly number[];
  readonly outcome: OrderOutcome;
  readonly rounds: readonly Round[];
}
export interface Round {
  readonly limit: TimeLimit;
  readonly dueOn: LocalDate;
  /** The business says it has corrected; absent when it never does. */
  readonly reportedOn?: LocalDate;
  readonly recheckPooledOn: LocalDate;
  readonly recheckedOn: LocalDate;
  readonly result: 'corrected' | 'not-corrected';
  /** What a recheck that finds it not corrected leads to. */
  readonly next?: { readonly limit: TimeLimit; readonly dueOn: LocalDate } | 'case';
}

/** All the work that a row sets off, its own visit first. */
export const workOfRow = (row: Row, business: BusinessAt, rules: Policy): readonly Work[] => {
  const id = `row-${row.inspectionId}`;
  const [lead, second] = visitOfficers(rules.seed, business.ward, id, row.inspector);
  const officers = [lead, second];
  const { lead: days } = policy;
  const ahead = rules.draw(id, 'long-lead') < days.longShare ? days.long : rules.integer(id, 'lead', days);
  const pooledOn = rules.workingDay(row.date, -ahead);
  const grave = row.items.filter((item) => severityOf(item) !== 'minor');
  // The city let a place pass with conditions when what endangers had been corrected before the officers left.
  const correctedOnSpot = row.result === 'pass-with-conditions' ? grave : [];
  const follows = conclude(inspectionForm.rule, row.items, correctedOnSpot);
  const order = row.result === 'fail' && grave.length > 0 ? planOrder(id, row.date, grave, rules) : undefined;

  const routine: Work = {
    id,
    kind: 'routine',
    business,
    checklist: inspectionForm,
    pooledOn,
    dueOn: dueDate(rules.calendar, pooledOn, policy.taskLimit),
    visitedOn: row.date,
    officers,
    violated: row.items,
    correctedOnSpot,
    result: row.result,
    ...(follows !== row.result && { reason: reasonFor(row, follows) }),
    sample:
      row.result === 'fail' && rules.draw(id, 'sample') < policy.sampleShare ? row.items.filter((item) => item === 1 || item === 3) : [],
    ...(order && { order }),
  };
  return [routine, ...rechecks(routine, rules), ...extras(routine, rules)];
};

const reasonFor = (row: Row, follows: VisitResult): string =>
  row.items.length === 0
    ? `The city recorded the result ${row.result} without naming an item.`
    : `The city recorded the result ${row.result}; from the items ${follows} would follow.`;

const planOrder = (id: string, issuedOn: LocalDate, items: readonly number[], rules: Policy): Order => {
  const severity: OrderSeverity = ofSeverity(items, 'critical').length > 0 ? 'critical' : 'serious';
  const { limit } = policy.orders[severity];
  const outcome = rules.orderOutcome(id, severity);
  const dueOn = dueDate(rules.calendar, issuedOn, limit);
  const rounds: Round[] = [planRound(`${id}.1`, issuedOn, limit, dueOn, outcome, rules)];
  const next = rounds[0]!.next;
  if (next && next !== 'case') rounds.push(planRound(`${id}.2`, rounds[0]!.recheckedOn, next.limit, next.dueOn, 'in-time', rules));
  return { severity, items, outcome, rounds };
};

const planRound = (id: string, from: LocalDate, limit: TimeLimit, dueOn: LocalDate, outcome: OrderOutcome, rules: Policy): Round => {
  const overrun = (): LocalDate => rules.workingDay(dueOn, rules.integer(id, 'overrun', policy.overrun));
  const within = (): LocalDate => {
    const days = rules.calendar.workingDaysBetween(from, dueOn);
    return days === 0 ? dueOn : rules.workingDay(from, rules.integer(id, 'report', { from: 1, to: days }));
  };
  const recheckPooledOn = outcome === 'in-time' || outcome === 'second-limit' ? within() : overrun();
  const recheckedOn = rules.workingDay(recheckPooledOn, rules.integer(id, 'recheck', policy.recheckLead));
  const common = { limit, dueOn, recheckPooledOn, recheckedOn };
  switch (outcome) {
    case 'in-time':
    case 'late':
      return { ...common, reportedOn: recheckPooledOn, result: 'corrected' };
    case 'second-limit': {
      const next = { limit: policy.secondLimit, dueOn: dueDate(rules.calendar, recheckedOn, policy.secondLimit) };
      return { ...common, reportedOn: recheckPooledOn, result: 'not-corrected', next };
    }
    case 'never':
      return { ...common, result: 'not-corrected', next: 'case' };
  }
};

const nothingFound = { violated: [], correctedOnSpot: [], result: 'pass', sample: [] } as const;

const rechecks = (routine: Work, rules: Policy): readonly Work[] =>
  (routine.order?.rounds ?? []).map((round, index): Work => {
    const corrected = round.result === 'corrected';
    return {
      ...common(routine),
      ...nothingFound,
      id: `${routine.id}.recheck-${index + 1}`,
      kind: 'recheck',
      checklist: inspectionForm,
      pooledOn: round.recheckPooledOn,
      dueOn: dueDate(rules.calendar, round.recheckPooledOn, policy.taskLimit),
      visitedOn: round.recheckedOn,
      ...(!corrected && { violated: routine.order!.items, result: 'fail' }),
      recheckOf: { work: routine.id, round },
    };
  });

const extras = (routine: Work, rules: Policy): readonly Work[] => {
  const { id } = routine;
  const extra = (kind: Exclude<WorkKind, 'routine' | 'recheck'>, checklist: Checklist, after: number): Work => {
    const extraId = `${id}.${kind}`;
    const pooledOn = rules.workingDay(routine.visitedOn, after);
    const visitedOn = rules.workingDay(pooledOn, rules.integer(extraId, 'lead', policy.lead));
    const dueOn = dueDate(rules.calendar, pooledOn, policy.taskLimit);
    return { ...common(routine), ...nothingFound, id: extraId, kind, checklist, pooledOn, dueOn, visitedOn };
  };
  const work: Work[] = [];
  if (routine.result === 'fail' && routine.violated.length === 0) work.push(extra('revisit', inspectionForm, policy.revisitDelay));
  if (rules.draw(id, 'complaint') < policy.complaintShare) {
    const complaint = extra('complaint', inspectionForm, rules.integer(id, 'complaint-delay', policy.extraDelay));
    work.push({ ...complaint, violated: minorItems(rules.seed, complaint.id) });
  }
  if (rules.draw(id, 'risk') < policy.riskShare) {
    const round = extra('risk', roundForm, rules.integer(id, 'risk-delay', policy.extraDelay));
    const clue = rules.draw(round.id, 'clue') < policy.clueShare;
    work.push({ ...round, officers: routine.officers.slice(0, 1), violated: clue ? [34] : [] });
  }
  return work;
};

const common = ({ business, officers }: Work): Pick<Work, 'business' | 'officers'> => ({ business, officers });

/** None to three different minor items. */
const minorItems = (seed: string, id: string): readonly number[] => {
  const items = new Set<number>();
  for (let count = drawInteger(seed, id, 'items', 0, 3); count > 0; count--) items.add(drawInteger(seed, id, `item-${count}`, 30, 44));
  return [...items].sort((a, b) => a - b);
};
