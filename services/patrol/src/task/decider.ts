import { forbiddenByState, invalid, Rejection, type Aggregate } from '@sanwang/kernel';
import { officersNeeded, propose, unfit, type OfficerFact } from '../shared/officers.ts';
import type { VisitResult } from '../shared/words.ts';
import type { Pooled, TaskEvent } from './events.ts';

export type TaskCommand =
  | { readonly type: 'pool'; readonly task: Pooled }
  | { readonly type: 'dispatch'; readonly unit: UnitFact; readonly by: 'rule' | 'area' | 'name'; readonly rule?: string | undefined }
  | ({ readonly type: 'assign' } & Assignment)
  | ({ readonly type: 'reassign'; readonly reason: string } & Assignment)
  | { readonly type: 'accept'; readonly officer: string }
  | { readonly type: 'push-back'; readonly reason: string }
  | { readonly type: 'complete'; readonly taskId: string; readonly visit: VisitFact }
  | { readonly type: 'cancel'; readonly reason: string };

export interface UnitFact {
  readonly code: string;
  /** Holds the powers of market supervision: a city, district, office or department. */
  readonly authority: boolean;
}
/** `named` officers, or by rotation when absent. `officers` are the facts about the named ones, or about all of the unit. */
interface Assignment {
  readonly named?: readonly string[] | undefined;
  readonly officers: readonly OfficerFact[];
  /** The local day on which fitness is judged. */
  readonly on: string;
  /** The task's id: rotation begins where it says. */
  readonly seed: string;
}
export interface VisitFact {
  readonly id: string;
  readonly taskId: string;
  /** `undefined` while the visit is not completed. */
  readonly result: VisitResult | undefined;
}

/** The pooled facts stay; `assignments` counts how often officers were given the task. */
interface Known {
  readonly task: Pooled;
  readonly assignments: number;
}
interface WithUnit extends Known {
  readonly unit: string;
}
interface WithOfficers extends WithUnit {
  readonly officers: readonly string[];
}
export type TaskState =
  | { readonly status: 'new' }
  | ({ readonly status: 'pooled' } & Known)
  | ({ readonly status: 'dispatched' } & WithUnit)
  | ({ readonly status: 'assigned' } & WithOfficers)
  | ({ readonly status: 'accepted' } & WithOfficers)
  | ({ readonly status: 'completed'; readonly visitId: string } & WithOfficers)
  | ({ readonly status: 'cancelled'; readonly unit?: string } & Known);
export type TaskStatus = TaskState['status'];

/** A task 任务: pooled, dispatched to a unit, assigned to officers, accepted, completed by a visit. */
export const task: Aggregate<TaskCommand, TaskEvent, TaskState> = {
  context: 'patrol',
  name: 'Task',
  initial: { status: 'new' },

  decide(command, state) {
    if (command.type === 'pool') return state.status === 'new' ? pool(command.task) : [];
    if (state.status === 'new') throw new Rejection('not-found', 'task-not-found', 'There is no such task.');
    const about = { businessId: state.task.businessId, area: state.task.area };
    switch (command.type) {
      case 'dispatch': {
        if (state.status !== 'pooled' && state.status !== 'dispatched') throw wrongStatus(state.status, 'dispatched', 'pooled');
        if (state.status === 'dispatched' && state.unit === command.unit.code) return [];
        if (state.task.type === 'inspection' && !command.unit.authority)
          throw invalid('unit-without-powers', 'unit', 'a unit of the market supervision authority, as the task is an inspection');
        const from = state.status === 'dispatched' ? state.unit : undefined;
        return [{ type: 'TaskDispatched', data: { ...about, unit: command.unit.code, by: command.by, rule: command.rule, from } }];
      }
      case 'assign': {
        if (state.status === 'assigned' && command.named && same(command.named, state.officers)) return [];
        if (state.status !== 'dispatched') throw wrongStatus(state.status, 'assigned', 'dispatched');
        return [{ type: 'TaskAssigned', data: { ...about, unit: state.unit, ...chooseOfficers(command, state) } }];
      }
      case 'reassign': {
        if (state.status !== 'assigned' && state.status !== 'accepted')
          throw wrongStatus(state.status, 'reassigned', 'assigned or accepted');
        const chosen = chooseOfficers(command, state);
        if (same(chosen.officers, state.officers)) return [];
        return [{ type: 'TaskReassigned', data: { ...about, unit: state.unit, ...chosen, reason: command.reason } }];
      }
      case 'accept': {
        if (state.status !== 'assigned' && state.status !== 'accepted') throw wrongStatus(state.status, 'accepted', 'assigned');
        if (!state.officers.includes(command.officer))
          throw new Rejection('permission-denied', 'not-assigned', 'Only an officer to whom the task is assigned can accept it.');
        if (state.status === 'accepted') return [];
        return [{ type: 'TaskAccepted', data: { ...about, unit: state.unit, officer: command.officer } }];
      }
      case 'push-back': {
        if (state.status === 'pooled') return [];
        if (state.status === 'completed' || state.status === 'cancelled')
          throw wrongStatus(state.status, 'pushed back', 'dispatched, assigned or accepted');
        const to = state.status === 'dispatched' ? 'pool' : 'unit';
        return [{ type: 'TaskPushedBack', data: { ...about, unit: state.unit, to, reason: command.reason } }];
      }
      case 'complete': {
        if (state.status === 'completed' && state.visitId === command.visit.id) return [];
        if (state.status !== 'accepted') throw wrongStatus(state.status, 'completed', 'accepted');
        const { id, taskId, result } = command.visit;
        if (taskId !== command.taskId) throw invalid('visit-of-another-task', 'visitId', 'a visit of this task');
        if (result === undefined) throw forbiddenByState('visit-not-completed', `Visit ${id} is not completed.`, { visitId: id });
        return [{ type: 'TaskCompleted', data: { ...about, unit: state.unit, visitId: id, result } }];
      }
      case 'cancel': {
        if (state.status === 'cancelled') return [];
        if (state.status === 'completed') throw wrongStatus(state.status, 'cancelled', 'open');
        const unit = state.status === 'pooled' ? undefined : state.unit;
        return [{ type: 'TaskCancelled', data: { ...about, unit, reason: command.reason } }];
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'TaskPooled') return { status: 'pooled', task: event.data, assignments: 0 };
    if (state.status === 'new') return state;
    const { task, assignments } = state;
    switch (event.type) {
      case 'TaskDispatched':
        return { status: 'dispatched', task, assignments, unit: event.data.unit };
      case 'TaskAssigned':
      case 'TaskReassigned':
        return { status: 'assigned', task, assignments: assignments + 1, unit: event.data.unit, officers: event.data.officers };
      case 'TaskAccepted':
        return { status: 'accepted', task, assignments, unit: event.data.unit, officers: officersOf(state) };
      case 'TaskPushedBack':
        return event.data.to === 'pool'
          ? { status: 'pooled', task, assignments }
          : { status: 'dispatched', task, assignments, unit: event.data.unit };
      case 'TaskCompleted':
        return { status: 'completed', task, assignments, unit: event.data.unit, officers: officersOf(state), visitId: event.data.visitId };
      case 'TaskCancelled':
        return { status: 'cancelled', task, assignments, ...(event.data.unit === undefined ? {} : { unit: event.data.unit }) };
    }
  },
};

const pool = (task: Pooled): readonly TaskEvent[] => {
  if (task.businessId === undefined) {
    if (task.type === 'inspection') throw invalid('business-required', 'businessId', 'the business, as the task is an inspection');
    if (task.place === undefined) throw invalid('object-required', 'businessId', 'a business, or a place for a round');
  }
  return [{ type: 'TaskPooled', data: task }];
};

const chooseOfficers = (
  command: Assignment,
  state: { readonly task: Pooled; readonly assignments: number },
): { officers: string[]; proposed: boolean } => {
  const { type } = state.task;
  const needed = officersNeeded(type);
  if (command.named === undefined) {
    const officers = propose(command.officers, type, command.on, command.seed, state.assignments);
    if (officers.length < needed)
      throw forbiddenByState('no-officers', `The unit has not ${needed} fit for this task on ${command.on}.`, {
        needed,
        fit: officers.length,
      });
    return { officers: [...officers], proposed: true };
  }
  const named = [...new Set(command.named)];
  if (named.length < needed) throw invalid('too-few-officers', 'officers', `at least ${needed} officers`);
  for (const [index, name] of named.entries()) {
    const officer = command.officers.find((fact) => fact.id === name);
    const expected = officer ? unfit(officer, type, command.on) : 'an officer known to the directory';
    if (expected !== undefined) throw invalid('officer-unfit', `officers.${index}`, expected);
  }
  return { officers: named, proposed: false };
};

const same = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((name, index) => name === others[index]);

const officersOf = (state: TaskState): readonly string[] => ('officers' in state ? state.officers : []);

const wrongStatus = (status: TaskStatus, what: string, wanted: string): Rejection =>
  forbiddenByState('task-status', `A task that is ${status} cannot be ${what}; it would have to be ${wanted}.`, { status });
