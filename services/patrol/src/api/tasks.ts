import type { Unit } from '@sanwang/identity';
import { idFrom, invalid, notFound, Rejection } from '@sanwang/kernel';
import { command, query, type Call } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { dispatchRules, MAIN } from '../dispatch-rules/decider.ts';
import { tasks } from '../models/tasks.ts';
import { rectification } from '../rectification/decider.ts';
import { areaCode, channel, code, id, localDate, reason, taskType, title, unitCode, type TaskType } from '../shared/words.ts';
import { task, type TaskCommand, type TaskState } from '../task/decider.ts';
import { place, source } from '../task/events.ts';
import { visit } from '../visit/decider.ts';
import type { Checklists } from './checklists.ts';
import { unitByRule, unitFact } from './dispatch.ts';
import { answer, businessFact, localDay, officerFact } from './facts.ts';
import { equal, get, given, list, paging, where } from './lists.ts';

const officers = z.array(id).max(8).default([]);
export const taskRequests = {
  pool: z.strictObject({
    channel,
    type: taskType,
    checklist: code,
    businessId: id.optional(),
    place: z.strictObject({ ...place.shape, coordinates: z.strictObject(place.shape.coordinates.unwrap().shape).optional() }).optional(),
    area: areaCode.optional(),
    priority: z.int().min(1).max(5).optional(),
    dueOn: localDate.optional(),
    title,
    source: z.strictObject(source.shape),
    recheckOf: id.optional(),
  }),
  list: z.strictObject({
    ...paging('pooledAt', 'dueOn', 'priority'),
    status: z.enum(['pooled', 'dispatched', 'assigned', 'accepted', 'completed', 'cancelled']).optional(),
    unit: unitCode.optional(),
    area: areaCode.optional(),
    channel: channel.optional(),
    type: taskType.optional(),
    checklist: code.optional(),
    businessId: id.optional(),
    officer: id.optional(),
    priority: z.int().min(1).max(5).optional(),
    dueFrom: localDate.optional(),
    dueTo: localDate.optional(),
    recheckOf: id.optional(),
  }),
  byId: z.strictObject({ id }),
  dispatch: z.strictObject({ id, unit: unitCode.optional() }),
  assign: z.strictObject({ id, officers }),
  reassign: z.strictObject({ id, officers, reason }),
  withReason: z.strictObject({ id, reason }),
  complete: z.strictObject({ id, visitId: id }),
};

type Known = Exclude<TaskState, { readonly status: 'new' }>;

/** A task within the reach of the caller's action; the caller's own where he is one of its officers. */
export const requireTask = (service: ServiceContext, call: Call, action: string, id: string, state: TaskState): Known => {
  if (state.status === 'new') throw notFound('task', id);
  const { subject } = call.principal;
  const target = {
    area: state.task.area,
    ...('unit' in state && state.unit !== undefined ? { unit: state.unit } : {}),
    ...('officers' in state && state.officers.includes(subject) ? { owner: subject } : {}),
  };
  service.access.require(call.principal, action, target, 'task', id);
  return state;
};

/** The caller's reach covers the unit itself, or every one of its areas. */
const requireUnit = (service: ServiceContext, call: Call, { code, areas }: Unit): void => {
  const targets = areas.length > 0 ? areas.map((area) => ({ unit: code, area })) : [{ unit: code }];
  for (const target of targets) service.access.require(call.principal, 'patrol.task.dispatch', target, 'unit', code);
};

export const taskHandlers = (service: ServiceContext, checklists: Checklists) => {
  const execute = (
    call: Call,
    verb: string,
    request: { readonly id: string },
    decide: (state: Known, at: string) => TaskCommand | Promise<TaskCommand>,
  ) =>
    service.execute(call, task, request.id, request, (state: TaskState, at) =>
      decide(requireTask(service, call, `patrol.task.${verb}`, request.id, state), at),
    );

  const assignment = (state: Known, named: readonly string[], id: string, at: string) => {
    const unit = 'unit' in state ? (state.unit ?? '') : '';
    const ids = named.length > 0 ? named : service.directory.officersOf(unit).map((officer) => officer.id);
    return {
      named: named.length > 0 ? named : undefined,
      officers: ids.flatMap((officer) => officerFact(service.directory, officer, unit) ?? []),
      on: localDay(service.directory, at),
      seed: id,
    };
  };

  const requireOrder = async (
    orderId: string,
    { businessId, type }: { readonly businessId?: string | undefined; readonly type: TaskType },
  ) => {
    const { state } = await service.load(rectification, orderId);
    if (state.status === 'new' || state.order.businessId !== businessId)
      throw invalid('order-unknown', 'recheckOf', 'the id of an order to the business of the task');
    if (type !== 'inspection') throw invalid('inspection-required', 'type', 'inspection; a round cannot recheck an order');
  };

  /** A task that its source asks for again; of one outside the caller's reach only that the key is taken. */
  const requirePooled = (call: Call, id: string, state: TaskState): Known => {
    try {
      return requireTask(service, call, 'patrol.task.pool', id, state);
    } catch (error) {
      if (!(error instanceof Rejection) || error.code !== 'not-found') throw error;
      throw new Rejection('already-exists', 'source-taken', 'The source and its key belong to a task outside your jurisdiction.');
    }
  };

  return {
    poolTask: command(taskRequests.pool, async (request, call) => {
      const id = idFrom('task', request.source.system, request.source.key);
      const outcome = await service.execute(call, task, id, request, async (state: TaskState, at): Promise<TaskCommand> => {
        if (state.status !== 'new') return { type: 'pool', task: requirePooled(call, id, state).task };
        const { area, businessId, priority = 3 } = request;
        const recheck = request.recheckOf !== undefined;
        const business = businessId === undefined ? undefined : await businessFact(service, call, businessId, 'patrol.task.pool', recheck);
        const taskArea = areaOf(area, business?.area);
        service.access.require(call.principal, 'patrol.task.pool', { area: taskArea }, 'area', taskArea);
        await checklists.requireType(request.checklist, request.type);
        if (request.recheckOf !== undefined) await requireOrder(request.recheckOf, request);
        const on = localDay(service.directory, at);
        return { type: 'pool', task: { ...request, businessName: business?.name, area: taskArea, priority, on } };
      });
      return answer(outcome);
    }),
    listTasks: query(taskRequests.list, (request, call) =>
      list(service, call, tasks, 'patrol.task.read', request, {
        orderBy: '-pooledAt',
        where: where(
          equal('status', request.status),
          given('unit', request.unit, (unit) => ({ in: service.directory.workOf(unit) })),
          given('area', request.area, (prefix) => ({ prefix })),
          equal('channel', request.channel),
          equal('type', request.type),
          equal('checklist', request.checklist),
          equal('businessId', request.businessId),
          equal('officers', request.officer),
          equal('priority', request.priority),
          given('dueOn', request.dueFrom, (gte) => ({ gte })),
          given('dueOn', request.dueTo, (lte) => ({ lte })),
          equal('recheckOf', request.recheckOf),
        ),
      }),
    ),
    getTask: query(taskRequests.byId, (request, call) => get(service, call, tasks, 'patrol.task.read', 'task', request.id)),

    dispatchTask: command(taskRequests.dispatch, async (request, call) => {
      const outcome = await execute(call, 'dispatch', request, async (state) => {
        if (request.unit === undefined) {
          const { rules } = (await service.load(dispatchRules, MAIN)).state;
          return { type: 'dispatch', ...unitByRule(service.directory, rules, state.task) };
        }
        const unit = service.directory.unit(request.unit);
        if (!unit) throw notFound('unit', request.unit);
        requireUnit(service, call, unit);
        return { type: 'dispatch', unit: unitFact(unit), by: 'name' };
      });
      return { ...answer(outcome), unit: 'unit' in outcome.state ? (outcome.state.unit ?? '') : '' };
    }),
    assignTask: command(taskRequests.assign, async (request, call) => {
      const outcome = await execute(call, 'assign', request, (state, at) => ({
        type: 'assign',
        ...assignment(state, request.officers, request.id, at),
      }));
      return { ...answer(outcome), officers: officersOf(outcome.state) };
    }),
    reassignTask: command(taskRequests.reassign, async (request, call) => {
      const outcome = await execute(call, 'reassign', request, (state, at) => ({
        type: 'reassign',
        reason: request.reason,
        ...assignment(state, request.officers, request.id, at),
      }));
      return { ...answer(outcome), officers: officersOf(outcome.state) };
    }),
    acceptTask: command(taskRequests.byId, async (request, call) =>
      answer(await execute(call, 'accept', request, () => ({ type: 'accept', officer: call.principal.subject }))),
    ),
    pushBackTask: command(taskRequests.withReason, async (request, call) =>
      answer(await execute(call, 'push-back', request, () => ({ type: 'push-back', reason: request.reason }))),
    ),
    completeTask: command(taskRequests.complete, async (request, call) =>
      answer(
        await execute(call, 'complete', request, async () => {
          const { state } = await service.load(visit, request.visitId);
          const result = state.status === 'completed' ? state.result : undefined;
          const taskId = state.status === 'new' ? '' : state.visit.taskId;
          return { type: 'complete', taskId: request.id, visit: { id: request.visitId, taskId, result } };
        }),
      ),
    ),
    cancelTask: command(taskRequests.withReason, async (request, call) =>
      answer(await execute(call, 'cancel', request, () => ({ type: 'cancel', reason: request.reason }))),
    ),
  };
};

const areaOf = (requested: string | undefined, ofBusiness: string | undefined): string => {
  const area = ofBusiness ?? requested;
  if (area === undefined) throw invalid('area-required', 'area', 'the area code of the place');
  if (requested !== undefined && requested !== area)
    throw invalid('area-of-business', 'area', `${area}, the area of the business, or none`);
  return area;
};

const officersOf = (state: TaskState): string[] => ('officers' in state ? [...state.officers] : []);
