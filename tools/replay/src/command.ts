import type { TimeLimit } from '@sanwang/statutory';
import type { Step, StepKey } from './steps.ts';

/** A step as a call of the platform's API: request bodies are in the JSON shape that REST and gRPC share. */
export interface Command {
  readonly service: 'sanwang.registration.v1.BusinessService' | 'sanwang.patrol.v1.PatrolService';
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
  /** For an order: the last day of the limit that the answer's `dueOn` must show, or plan and platform reckon differently. */
  readonly dueOn?: string;
}

/** Turns a step into its call. `idOf` answers the id that the making step with this key was given. */
export const commandOf = (step: Step, idOf: (key: StepKey) => string): Command => {
  switch (step.kind) {
    case 'registerBusiness':
      return business('RegisterBusiness', { ...step.business });
    case 'correctBusiness':
      return business('CorrectBusiness', { id: step.businessId, name: step.name });
    case 'moveBusiness': {
      const { businessId: id, address, area, coordinates } = step;
      return business('MoveBusiness', { id, address, area, ...(coordinates && { coordinates }) });
    }
    case 'poolTask':
      return patrol('PoolTask', { ...step.task, ...(step.recheckOf && { recheckOf: idOf(step.recheckOf) }) });
    case 'dispatch':
      return patrol('DispatchTask', { id: idOf(step.task), unit: step.unit });
    case 'assign':
      return patrol('AssignTask', { id: idOf(step.task), officers: step.officers });
    case 'accept':
      return patrol('AcceptTask', { id: idOf(step.task) });
    case 'startVisit': {
      const { task, officers, startedAt, position } = step;
      return patrol('StartVisit', { taskId: idOf(task), officers, startedAt, ...(position && { position }) });
    }
    case 'recordItems':
      return patrol('RecordItems', { id: idOf(step.visit), items: step.answers });
    case 'completeVisit': {
      const { visit, result, reason, completedAt, suggestions } = step;
      return patrol('CompleteVisit', { id: idOf(visit), result, completedAt, suggestions, ...(reason !== undefined && { reason }) });
    }
    case 'issueOrder': {
      const request = { visitId: idOf(step.visit), kind: 'order', items: step.items, limit: limitOf(step.limit) };
      return { ...patrol('IssueRectification', request), dueOn: step.dueOn };
    }
    case 'correctOnTheSpot':
      return patrol('IssueRectification', { visitId: idOf(step.visit), kind: 'on-the-spot', items: step.items });
    case 'reportCorrection':
      return patrol('ReportCorrection', { id: idOf(step.order) });
    case 'recordRecheck': {
      const { order, visit, result, newLimit, newDueOn, suggestCase } = step;
      const next = newLimit ? { limit: limitOf(newLimit) } : suggestCase ? { suggestCase } : {};
      const command = patrol('RecordRecheck', { id: idOf(order), visitId: idOf(visit), result, ...next });
      return newDueOn === undefined ? command : { ...command, dueOn: newDueOn };
    }
    case 'completeTask':
      return patrol('CompleteTask', { id: idOf(step.task), visitId: idOf(step.visit) });
  }
};

const business = (method: string, request: Command['request']): Command => ({
  service: 'sanwang.registration.v1.BusinessService',
  method,
  request,
});
const patrol = (method: string, request: Command['request']): Command => ({ service: 'sanwang.patrol.v1.PatrolService', method, request });

const limitOf = ({ days, unit }: TimeLimit): Readonly<Record<string, number>> =>
  unit === 'working-days' ? { workingDays: days } : { days };
