import { forbiddenByState, invalid, notFound, Rejection } from '@sanwang/kernel';
import { command, query, type Call } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { businesses } from '../models/businesses.ts';
import { visits, type VisitDocument } from '../models/visits.ts';
import {
  areaCode,
  id,
  instant,
  itemNumber,
  itemResult,
  localDate,
  note,
  reason,
  taskType,
  unitCode,
  visitResult,
} from '../shared/words.ts';
import { task, type TaskStatus } from '../task/decider.ts';
import type { Answer } from '../visit/answers.ts';
import { visit, type VisitCommand, type VisitState } from '../visit/decider.ts';
import type { Checklists } from './checklists.ts';
import { answer, attachmentFacts, attachmentIds, localDay, officerFact, past } from './facts.ts';
import { equal, get, given, list, paging, where } from './lists.ts';
import { requireTask } from './tasks.ts';

const itemAnswer = z.strictObject({
  number: itemNumber,
  result: itemResult,
  correctedOnSpot: z.boolean().optional(),
  note: note.optional(),
  attachments: attachmentIds,
});
const suggestion = z.strictObject({
  kind: z.enum(['sample', 'case']),
  items: z.array(itemNumber).max(300).default([]),
  note: note.optional(),
});
export const visitRequests = {
  start: z.strictObject({
    taskId: id,
    officers: z.array(id).min(1).max(8),
    position: z
      .strictObject({
        latitude: z.number().min(-90).max(90),
        longitude: z.number().min(-180).max(180),
        accuracy: z.number().min(0).max(100_000).optional(),
      })
      .optional(),
    startedAt: instant.optional(),
  }),
  list: z.strictObject({
    ...paging('startedAt', 'visitedOn'),
    status: z.enum(['started', 'completed']).optional(),
    unit: unitCode.optional(),
    area: areaCode.optional(),
    type: taskType.optional(),
    businessId: id.optional(),
    taskId: id.optional(),
    officer: id.optional(),
    result: visitResult.optional(),
    deviates: z.boolean().optional(),
    visitedFrom: localDate.optional(),
    visitedTo: localDate.optional(),
  }),
  byId: z.strictObject({ id }),
  record: z.strictObject({ id, items: z.array(itemAnswer).min(1).max(300) }),
  complete: z.strictObject({
    id,
    result: visitResult,
    reason: reason.optional(),
    note: note.optional(),
    attachments: attachmentIds,
    suggestions: z.array(suggestion).max(10).default([]),
    completedAt: instant.optional(),
  }),
};

type Known = Exclude<VisitState, { readonly status: 'new' }>;

/** A visit within the reach of the caller's action; the caller's own where he is one of its officers. */
export const requireVisit = (service: ServiceContext, call: Call, action: string, id: string, state: VisitState): Known => {
  if (state.status === 'new') throw notFound('visit', id);
  const { area, unit, officers } = state.visit;
  const { subject } = call.principal;
  const target = { area, unit, ...(officers.some((officer) => officer.id === subject) ? { owner: subject } : {}) };
  service.access.require(call.principal, action, target, 'visit', id);
  return state;
};

export const visitHandlers = (service: ServiceContext, checklists: Checklists) => {
  const siteOf = async (businessId: string | undefined) =>
    businessId === undefined ? undefined : (await service.reader(businesses).get(businessId, 'everything'))?.coordinates;

  /** A task that was cancelled or given to others meanwhile is not concluded by those who had it before. */
  const requireStillTheirs = async (call: Call, taskId: string): Promise<void> => {
    const { state } = await service.load(task, taskId);
    if (state.status !== 'accepted') throw notAccepted(state.status);
    if (!state.officers.includes(call.principal.subject))
      throw new Rejection('permission-denied', 'not-assigned', 'The task of the visit is assigned to other officers by now.');
  };

  return {
    startVisit: command(visitRequests.start, async (request, call) => {
      const outcome = await service.execute(
        call,
        visit,
        service.newId(call),
        request,
        async (_state: VisitState, now): Promise<VisitCommand> => {
          const loaded = (await service.load(task, request.taskId)).state;
          const known = requireTask(service, call, 'patrol.visit.start', request.taskId, loaded);
          if (known.status !== 'accepted') throw notAccepted(known.status);
          const on = localDay(service.directory, past('startedAt', request.startedAt, now));
          const { type, checklist, businessId, businessName, place, area, recheckOf } = known.task;
          // By the day: officers may name the hour of a visit before that at which the task was entered.
          if (known.task.on !== undefined && on < known.task.on)
            throw invalid('before-the-task', 'startedAt', `a time on ${known.task.on}, when the task was pooled, or later`);
          const { number, version } = await checklists.inForce(checklist, on);
          return {
            type: 'start',
            by: call.principal.subject,
            visit: {
              taskId: request.taskId,
              type,
              recheckOf,
              businessId,
              businessName,
              placeName: place?.name,
              area,
              unit: known.unit,
              checklist: { code: checklist, version: number, items: version.items.length },
              on,
              startedAt: request.startedAt,
            },
            assigned: known.officers,
            officers: [...new Set(request.officers)].map((officer, index) => {
              const fact = officerFact(service.directory, officer, known.unit);
              if (!fact) throw invalid('officer-unfit', `officers.${index}`, 'an officer known to the directory');
              return fact;
            }),
            position: request.position,
            site: request.position && (place?.coordinates ?? (await siteOf(businessId))),
            radius: version.signInRadius,
          };
        },
      );
      if (outcome.state.status === 'new') throw new Error('a visit that was started is not new');
      const { checklist, signIn } = outcome.state.visit;
      return {
        ...answer(outcome),
        checklist: checklist.code,
        checklistVersion: checklist.version,
        deviation: signIn?.deviation,
        deviates: signIn?.deviates ?? false,
      };
    }),

    listVisits: query(visitRequests.list, async (request, call) => {
      const page = await list(service, call, visits, 'patrol.visit.read', request, {
        orderBy: '-startedAt',
        where: where(
          equal('status', request.status),
          given('unit', request.unit, (unit) => ({ in: service.directory.workOf(unit) })),
          given('area', request.area, (prefix) => ({ prefix })),
          equal('type', request.type),
          equal('businessId', request.businessId),
          equal('taskId', request.taskId),
          equal('officers', request.officer),
          equal('result', request.result),
          equal('deviates', request.deviates),
          given('visitedOn', request.visitedFrom, (gte) => ({ gte })),
          given('visitedOn', request.visitedTo, (lte) => ({ lte })),
        ),
      });
      return {
        ...page,
        items: page.items.map(({ items: _items, signIn: _signIn, note: _note, attachments: _attachments, ...summary }) => summary),
      };
    }),
    getVisit: query(visitRequests.byId, async (request, call) => {
      const { items, attachments, ...doc } = await get(service, call, visits, 'patrol.visit.read', 'visit', request.id);
      return { ...doc, items: itemsOf(items), attachments: attachments ?? [] };
    }),

    recordItems: command(visitRequests.record, async (request, call) => {
      const outcome = await service.execute(call, visit, request.id, request, async (state: VisitState): Promise<VisitCommand> => {
        const { checklist } = requireVisit(service, call, 'patrol.visit.record', request.id, state).visit;
        const { items } = await checklists.version(checklist.code, checklist.version);
        const answers = await Promise.all(
          request.items.map(async ({ attachments, ...item }, index): Promise<Answer> => ({
            ...item,
            attachments: await attachmentFacts(service, attachments, `items.${index}.attachments`),
          })),
        );
        return { type: 'record', by: call.principal.subject, answers, items };
      });
      const { state } = outcome;
      const unanswered = state.status === 'started' ? state.visit.checklist.items - Object.keys(state.standings).length : 0;
      return { ...answer(outcome), unanswered };
    }),
    completeVisit: command(visitRequests.complete, async (request, call) => {
      const outcome = await service.execute(call, visit, request.id, request, async (state: VisitState, now): Promise<VisitCommand> => {
        const known = requireVisit(service, call, 'patrol.visit.complete', request.id, state);
        const { checklist, on, taskId } = known.visit;
        if (known.status === 'started') await requireStillTheirs(call, taskId);
        if (localDay(service.directory, past('completedAt', request.completedAt, now)) < on)
          throw invalid('before-the-visit', 'completedAt', `a time on ${on} or later`);
        const { rule } = await checklists.version(checklist.code, checklist.version);
        return {
          type: 'complete',
          by: call.principal.subject,
          result: request.result,
          reason: request.reason,
          note: request.note,
          attachments: await attachmentFacts(service, request.attachments, 'attachments'),
          completedAt: request.completedAt,
          suggestions: request.suggestions,
          rule,
        };
      });
      return { ...answer(outcome), result: request.result };
    }),
  };
};

const notAccepted = (status: TaskStatus): Rejection =>
  forbiddenByState('task-status', `A task that is ${status} cannot be visited; it would have to be accepted.`, { status });

/** The answers item by item, as the form has them. */
const itemsOf = ({ conforms, notApplicable, violates, remarks = [] }: VisitDocument['items']) => {
  const remarked = new Map(remarks.map((remark) => [remark.number, remark]));
  const item = (number: string, result: string) => ({
    number,
    result,
    note: remarked.get(number)?.note,
    attachments: remarked.get(number)?.attachments ?? [],
  });
  return [
    ...conforms.map((number) => item(number, 'conforms')),
    ...notApplicable.map((number) => item(number, 'not-applicable')),
    ...violates.map(({ number, ...violation }) => ({ ...item(number, 'violates'), ...violation })),
  ].sort((left, right) => left.number.localeCompare(right.number, 'en', { numeric: true }));
};
