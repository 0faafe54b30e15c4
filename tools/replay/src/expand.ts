import type { LocalDate } from '@sanwang/statutory';
import type { BusinessFacts } from './businesses.ts';
import { dispatcherOf, posts, unitOf } from './officers.ts';
import { hour, type Policy } from './policy.ts';
import type { Step, StepBody, StepKind, TaskFacts } from './steps.ts';
import type { Round, Work, WorkKind } from './work.ts';

/** The parts of a work, in the order in which they come on one day. */
export type Phase = 'give-out' | 'visit' | { readonly report: number };

/** The days on which a work has something to do. */
export const phasesOf = (work: Work): readonly { readonly date: LocalDate; readonly phase: Phase }[] => [
  { date: work.pooledOn, phase: 'give-out' },
  { date: work.visitedOn, phase: 'visit' },
  ...(work.order?.rounds ?? []).flatMap(({ reportedOn }, report) => (reportedOn ? [{ date: reportedOn, phase: { report } }] : [])),
];

/** The steps of one phase of a work, in the order in which they must be carried out. */
export const stepsOf = (work: Work, phase: Phase, rules: Policy): readonly Step[] => {
  if (phase === 'give-out') return giveOut(work, rules);
  if (phase === 'visit') return visit(work, rules);
  const reportedOn = work.order!.rounds[phase.report]!.reportedOn!;
  const key = keyOf(work.id, 'reportCorrection', phase.report);
  return [{ key, actor: work.officers[0]!, at: rules.instant(reportedOn, hour(10)), kind: 'reportCorrection', order: orderKey(work.id) }];
};

/** Registers a business, on the day on which its first task is pooled. */
export const registration = (businessId: string, business: BusinessFacts, date: LocalDate, rules: Policy): Step => ({
  key: `${businessId}:registerBusiness`,
  actor: posts.registrar,
  at: rules.instant(date, hour(8)),
  kind: 'registerBusiness',
  businessId,
  business,
});

const keyOf = (id: string, kind: StepKind, round = 0): string => `${id}:${kind}${round === 0 ? '' : `-${round + 1}`}`;
const taskKey = (id: string): string => keyOf(id, 'poolTask');
const visitKey = (id: string): string => keyOf(id, 'startVisit');
const orderKey = (id: string): string => keyOf(id, 'issueOrder');

const words: Readonly<Record<WorkKind, { readonly channel: TaskFacts['channel']; readonly priority: number; readonly title: string }>> = {
  routine: { channel: 'statutory', priority: 3, title: 'Routine inspection' },
  recheck: { channel: 'statutory', priority: 2, title: 'Recheck of an order' },
  complaint: { channel: 'external', priority: 2, title: 'Complaint' },
  risk: { channel: 'risk', priority: 4, title: 'Round on a risk sign' },
  revisit: { channel: 'risk', priority: 2, title: 'Second visit after a failed one' },
};

const giveOut = (work: Work, rules: Policy): readonly Step[] => {
  const { channel, priority, title } = words[work.kind];
  const { business, checklist, dueOn, id } = work;
  const task: TaskFacts = {
    channel,
    type: checklist.type,
    checklist: checklist.code,
    businessId: business.businessId,
    priority,
    dueOn,
    title: `${title}: ${business.name}`.slice(0, 200),
    source: { system: work.kind === 'routine' ? 'inspection-file' : 'replay-policy', key: id },
  };
  const step = stepper(id);
  const pooling: StepBody = { kind: 'poolTask', task, ...(work.recheckOf && { recheckOf: orderKey(work.recheckOf.work) }) };
  return [
    step(posts.dispatcher, rules.instant(work.pooledOn, hour(10, 30)), pooling),
    step(posts.dispatcher, rules.instant(work.pooledOn, hour(10, 45)), {
      kind: 'dispatch',
      task: taskKey(id),
      unit: unitOf(business.ward),
    }),
    step(dispatcherOf(business.ward), rules.instant(work.pooledOn, hour(11)), {
      kind: 'assign',
      task: taskKey(id),
      officers: work.officers,
    }),
  ];
};

const visit = (work: Work, rules: Policy): readonly Step[] => {
  const { business, checklist, correctedOnSpot, id, officers, order, reason, recheckOf, result, visitedOn } = work;
  const violated = new Set(work.violated.map(String));
  const onSpot = new Set(correctedOnSpot.map(String));
  const { startedAt, completedAt } = rules.visitTimes(id, visitedOn);
  const lead = officers[0]!;
  const step = stepper(id);
  const task = taskKey(id);
  const place = business.coordinates;

  return [
    ...(work.kind === 'routine' ? changes(work, rules) : []),
    step(lead, rules.instant(visitedOn, hour(8, 30)), { kind: 'accept', task }),
    step(lead, startedAt, { kind: 'startVisit', task, officers, startedAt, ...(place && { position: rules.position(id, place) }) }),
    step(lead, completedAt, {
      kind: 'recordItems',
      visit: visitKey(id),
      answers: checklist.items.map(({ number }) => ({
        number,
        result: violated.has(number) ? 'violates' : 'conforms',
        ...(onSpot.has(number) && { correctedOnSpot: true }),
      })),
    }),
    step(lead, completedAt, {
      kind: 'completeVisit',
      visit: visitKey(id),
      result,
      ...(reason !== undefined && { reason }),
      completedAt,
      suggestions: work.sample.length > 0 ? [{ kind: 'sample', items: work.sample.map(String) }] : [],
    }),
    ...(onSpot.size > 0 ? [step(lead, completedAt, { kind: 'correctOnTheSpot', visit: visitKey(id), items: [...onSpot] })] : []),
    ...(order ? [step(lead, completedAt, issue(id, order.items, order.rounds[0]!))] : []),
    ...(recheckOf ? [step(lead, completedAt, recheck(id, recheckOf.work, recheckOf.round))] : []),
    step(lead, completedAt, { kind: 'completeTask', task, visit: visitKey(id) }),
  ];
};

/** What the officers find changed about the business when they come. */
const changes = ({ business, id, visitedOn }: Work, rules: Policy): readonly Step[] => {
  const { address, area, businessId, coordinates, name } = business;
  const step = stepper(id);
  const morning = rules.instant(visitedOn, hour(8));
  return [
    ...(business.renamed ? [step(posts.registrar, morning, { kind: 'correctBusiness', businessId, name })] : []),
    ...(business.moved
      ? [step(posts.registrar, morning, { kind: 'moveBusiness', businessId, address, area, ...(coordinates && { coordinates }) })]
      : []),
  ];
};

const issue = (id: string, items: readonly number[], { limit, dueOn }: Round): StepBody => ({
  kind: 'issueOrder',
  visit: visitKey(id),
  items: items.map(String),
  limit,
  dueOn,
});

const recheck = (id: string, orderOf: string, { result, next }: Round): StepBody => ({
  kind: 'recordRecheck',
  order: orderKey(orderOf),
  visit: visitKey(id),
  result,
  ...(next === 'case' && { suggestCase: true }),
  ...(next && next !== 'case' && { newLimit: next.limit, newDueOn: next.dueOn }),
});

const stepper =
  (id: string) =>
  (actor: string, at: string, body: StepBody): Step => ({ key: keyOf(id, body.kind), actor, at, ...body });
