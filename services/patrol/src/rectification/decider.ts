import { forbiddenByState, invalid, Rejection, type Aggregate, type Instant } from '@sanwang/kernel';
import type { Attachment, TaskType, VisitResult } from '../shared/words.ts';
import { issue, type Issue } from './issue.ts';
import type { Issued, Limit, RectificationEvent } from './events.ts';

export type RectificationCommand =
  | ({ readonly type: 'order'; readonly at: Instant; readonly limit: Limit } & Issue)
  | ({ readonly type: 'correct-on-the-spot' } & Issue)
  | ({ readonly type: 'report'; readonly at: Instant } & Report)
  | ({ readonly type: 'recheck'; readonly at: Instant } & Recheck)
  | { readonly type: 'limit-passed'; readonly due: Instant }
  | { readonly type: 'cancel'; readonly reason: string };

interface Report {
  readonly note?: string | undefined;
  readonly attachments?: Attachment[] | undefined;
}
interface Recheck {
  /** The id of this order, and the visit that rechecked it. */
  readonly rectificationId: string;
  readonly visit: RecheckFact;
  readonly result: 'corrected' | 'not-corrected';
  /** With `not-corrected` exactly one of the two. */
  readonly newLimit?: Limit | undefined;
  readonly suggestCase: boolean;
  readonly note?: string | undefined;
}

/** What the rechecking visit's own stream says. `result` is `undefined` while the visit is not completed. */
export interface RecheckFact {
  readonly id: string;
  readonly taskId: string;
  readonly type: TaskType;
  readonly businessId: string | undefined;
  readonly recheckOf: string | undefined;
  readonly result: VisitResult | undefined;
}

type Order = Pick<Issued, 'businessId' | 'area' | 'unit' | 'items' | 'officers'>;
/**
 * `ordered` until a correction is reported; `overdue` once the limit has passed without one, and still to be corrected.
 * `timely` says of a reported correction that it came within the limit.
 */
export type RectificationState =
  | { readonly status: 'new' }
  | { readonly status: 'ordered' | 'overdue'; readonly order: Order; readonly limit: Limit }
  | { readonly status: 'reported'; readonly order: Order; readonly limit: Limit; readonly timely: boolean; readonly report: Report }
  | { readonly status: 'corrected'; readonly order: Order; readonly confirmedBy?: string }
  | { readonly status: 'referred' | 'cancelled'; readonly order: Order };
type OpenState = Extract<RectificationState, { readonly limit: Limit }>;

const TIMER = 'limit';

/** An order to correct 责令改正, from the inspection that found the fault to the recheck (食品生产经营监督检查管理办法 art. 33). */
export const rectification: Aggregate<RectificationCommand, RectificationEvent, RectificationState> = {
  context: 'patrol',
  name: 'Rectification',
  initial: { status: 'new' },

  decide(command, state) {
    if (command.type === 'order' || command.type === 'correct-on-the-spot') {
      if (state.status !== 'new')
        throw new Rejection('already-exists', 'rectification-exists', 'The visit has a follow-up of this kind already.');
      return [issue(command)];
    }
    if (state.status === 'new') throw new Rejection('not-found', 'rectification-not-found', 'There is no such order.');
    switch (command.type) {
      case 'report': {
        if (state.status === 'reported') {
          if (sameReport(command, state.report)) return [];
          throw forbiddenByState('already-reported', 'Another report of the correction is recorded; the recheck is next.');
        }
        if (!('limit' in state)) throw closed(state.status);
        const late = state.status === 'overdue' || command.at > state.limit.due;
        const data = { ...about(state.order), late, note: command.note, attachments: some(command.attachments) };
        return [...overdueFirst(state, late), { type: 'CorrectionReported', data }];
      }
      case 'recheck': {
        if (state.status === 'corrected' && state.confirmedBy === command.visit.id && command.result === 'corrected') return [];
        if (!('limit' in state)) throw closed(state.status);
        return recheck(command, state);
      }
      case 'limit-passed':
        return state.status === 'ordered' && state.limit.due === command.due ? [overdue(state)] : [];
      case 'cancel': {
        if (state.status === 'cancelled') return [];
        if (!('limit' in state)) throw closed(state.status);
        return [{ type: 'RectificationCancelled', data: { ...about(state.order), reason: command.reason } }];
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'RectificationOrdered') return { status: 'ordered', order: event.data, limit: event.data.limit };
    if (event.type === 'CorrectedOnTheSpot') return { status: 'corrected', order: event.data };
    if (!('limit' in state)) return state;
    const { order, limit } = state;
    switch (event.type) {
      case 'CorrectionReported':
        return { status: 'reported', order, limit, timely: !event.data.late, report: event.data };
      case 'RectificationOverdue':
        return { status: 'overdue', order, limit };
      case 'RectificationRechecked': {
        const { result, newLimit, recheckVisitId } = event.data;
        if (result === 'corrected') return { status: 'corrected', order, confirmedBy: recheckVisitId };
        return newLimit ? { status: 'ordered', order, limit: newLimit } : { status: 'referred', order };
      }
      case 'RectificationCancelled':
        return { status: 'cancelled', order };
      case 'SamplingSuggested':
      case 'CaseSuggested':
        return state;
    }
  },

  timers(event) {
    switch (event.type) {
      case 'RectificationOrdered':
        return [{ name: TIMER, due: event.data.limit.due }];
      case 'RectificationRechecked':
        return [event.data.newLimit ? { name: TIMER, due: event.data.newLimit.due } : { name: TIMER, cancel: true }];
      case 'CorrectionReported':
      case 'RectificationOverdue':
      case 'RectificationCancelled':
        return [{ name: TIMER, cancel: true }];
      case 'CorrectedOnTheSpot':
      case 'SamplingSuggested':
      case 'CaseSuggested':
        return [];
    }
  },
  onTimer: (_name, due) => ({ type: 'limit-passed', due }),
};

const about = ({ businessId, area, unit }: Order): Pick<Order, 'businessId' | 'area' | 'unit'> => ({ businessId, area, unit });

const overdue = ({ order, limit }: OpenState): RectificationEvent => ({
  type: 'RectificationOverdue',
  data: { ...about(order), ...limit },
});

/** The limit's passing is recorded before what came late, also when the timer has not fired yet. */
const overdueFirst = (state: OpenState, late: boolean): readonly RectificationEvent[] =>
  late && state.status === 'ordered' ? [overdue(state)] : [];

const recheck = (command: Recheck & { readonly at: Instant }, state: OpenState): readonly RectificationEvent[] => {
  const { visit, result, newLimit, suggestCase, note } = command;
  if (visit.recheckOf !== command.rectificationId)
    throw invalid('visit-is-no-recheck', 'visitId', 'a visit of a task that rechecks this order');
  if (visit.businessId !== state.order.businessId) throw invalid('visit-elsewhere', 'visitId', 'a visit at the business of the order');
  if (visit.type !== 'inspection') throw invalid('inspection-required', 'visitId', 'an inspection; a round cannot recheck an order');
  if (visit.result === undefined)
    throw forbiddenByState('visit-not-completed', `Visit ${visit.id} is not completed.`, { visitId: visit.id });
  if (result === 'corrected' && visit.result === 'fail') throw invalid('recheck-failed', 'result', 'not-corrected, as the visit failed');
  const next = Number(newLimit !== undefined) + Number(suggestCase);
  if (result === 'corrected' && next > 0)
    throw invalid('nothing-left-to-correct', 'result', 'not-corrected, as a new limit or a case is given');
  if (result === 'not-corrected' && next !== 1) throw invalid('next-step-required', 'limit', 'either a new limit or suggestCase');
  if (newLimit && newLimit.due <= command.at) throw invalid('limit-passed', 'limit', 'a limit in the future');
  const late = state.status === 'reported' ? !state.timely : state.status === 'overdue' || command.at > state.limit.due;
  const data = { ...about(state.order), recheckVisitId: visit.id, result, late, newLimit, note };
  const events: RectificationEvent[] = [...overdueFirst(state, late), { type: 'RectificationRechecked', data }];
  if (suggestCase)
    events.push({ type: 'CaseSuggested', data: { ...about(state.order), taskId: visit.taskId, items: [...state.order.items], note } });
  return events;
};

const closed = (status: RectificationState['status']): Rejection =>
  forbiddenByState('rectification-closed', `The order is ${status}; nothing more can be recorded on it.`, { status });

const sameReport = (one: Report, other: Report): boolean => {
  const named = ({ attachments = [] }: Report) => attachments.map(({ id }) => id).join(' ');
  return one.note === other.note && named(one) === named(other);
};

const some = (attachments: Attachment[] | undefined): Attachment[] | undefined => (attachments?.length ? attachments : undefined);
