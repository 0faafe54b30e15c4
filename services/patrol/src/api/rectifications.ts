import { idFrom, invalid, notFound } from '@sanwang/kernel';
import { command, query, type Call } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { rectifications } from '../models/rectifications.ts';
import { rectification, type RectificationCommand, type RectificationState } from '../rectification/decider.ts';
import type { InspectionFact } from '../rectification/issue.ts';
import { areaCode, id, itemNumber, localDate, note, reason, unitCode } from '../shared/words.ts';
import { visit } from '../visit/decider.ts';
import { answer, attachmentFacts, attachmentIds, limitFact, timeLimit } from './facts.ts';
import { equal, get, given, list, paging, where } from './lists.ts';
import { requireVisit } from './visits.ts';

const kind = z.enum(['order', 'on-the-spot']);
export const rectificationRequests = {
  issue: z.strictObject({
    visitId: id,
    kind,
    items: z.array(itemNumber).max(300).default([]),
    limit: timeLimit.optional(),
    note: note.optional(),
  }),
  list: z.strictObject({
    ...paging('issuedAt', 'dueOn'),
    status: z.enum(['ordered', 'overdue', 'reported', 'corrected', 'referred', 'cancelled']).optional(),
    kind: kind.optional(),
    unit: unitCode.optional(),
    area: areaCode.optional(),
    businessId: id.optional(),
    visitId: id.optional(),
    overdue: z.boolean().optional(),
    dueFrom: localDate.optional(),
    dueTo: localDate.optional(),
  }),
  byId: z.strictObject({ id }),
  report: z.strictObject({ id, note: note.optional(), attachments: attachmentIds }),
  recheck: z.strictObject({
    id,
    visitId: id,
    result: z.enum(['corrected', 'not-corrected']),
    limit: timeLimit.optional(),
    suggestCase: z.boolean().optional(),
    note: note.optional(),
  }),
  cancel: z.strictObject({ id, reason }),
};

export const rectificationHandlers = (service: ServiceContext) => {
  const execute = (
    call: Call,
    verb: string,
    request: { readonly id: string },
    decide: (at: string) => RectificationCommand | Promise<RectificationCommand>,
  ) =>
    service.execute(call, rectification, request.id, request, (state: RectificationState, at) => {
      if (state.status === 'new') throw notFound('rectification', request.id);
      const { area, unit, officers = [] } = state.order;
      const { subject } = call.principal;
      const target = { area, unit, ...(officers.includes(subject) ? { owner: subject } : {}) };
      service.access.require(call.principal, `patrol.rectification.${verb}`, target, 'rectification', request.id);
      return decide(at);
    });

  const inspectionFact = async (call: Call, visitId: string): Promise<InspectionFact> => {
    const { state } = await service.load(visit, visitId);
    const known = requireVisit(service, call, 'patrol.rectification.issue', visitId, state);
    const { taskId, type, businessId, businessName, area, unit } = known.visit;
    const violated = known.status === 'completed' ? known.violated : undefined;
    const officers = known.visit.officers.map((officer) => officer.id);
    return { visitId, taskId, type, businessId, businessName, area, unit, officers, violated };
  };

  return {
    issueRectification: command(rectificationRequests.issue, async (request, call) => {
      const { visitId, kind, limit, note } = request;
      if (kind === 'order' && !limit) throw invalid('limit-required', 'limit', 'the limit of the order');
      if (kind === 'on-the-spot' && limit)
        throw invalid('limit-not-allowed', 'limit', 'none: what was corrected on the spot needs no limit');
      const id = idFrom('rectification', visitId, kind);
      const outcome = await service.execute(
        call,
        rectification,
        id,
        request,
        async (_state: RectificationState, at): Promise<RectificationCommand> => {
          const issue = { visit: await inspectionFact(call, visitId), items: request.items.length > 0 ? request.items : undefined, note };
          return limit
            ? { type: 'order', ...issue, at, limit: limitFact(service.directory, limit, at) }
            : { type: 'correct-on-the-spot', ...issue };
        },
      );
      return { ...answer(outcome), dueOn: dueOn(outcome.state) };
    }),
    listRectifications: query(rectificationRequests.list, async (request, call) => {
      const page = await list(service, call, rectifications, 'patrol.rectification.read', request, {
        orderBy: '-issuedAt',
        where: where(
          equal('status', request.status),
          equal('kind', request.kind),
          given('unit', request.unit, (unit) => ({ in: service.directory.workOf(unit) })),
          given('area', request.area, (prefix) => ({ prefix })),
          equal('businessId', request.businessId),
          equal('visitId', request.visitId),
          equal('overdue', request.overdue),
          given('dueOn', request.dueFrom, (gte) => ({ gte })),
          given('dueOn', request.dueTo, (lte) => ({ lte })),
        ),
      });
      return { ...page, items: page.items.map(({ officers: _officers, ...summary }) => summary) };
    }),
    getRectification: query(rectificationRequests.byId, async (request, call) => {
      const { officers: _officers, ...doc } = await get(
        service,
        call,
        rectifications,
        'patrol.rectification.read',
        'rectification',
        request.id,
      );
      return { ...doc, attachments: doc.attachments ?? [] };
    }),
    reportCorrection: command(rectificationRequests.report, async (request, call) =>
      answer(
        await execute(call, 'report', request, async (at) => ({
          type: 'report',
          at,
          note: request.note,
          attachments: await attachmentFacts(service, request.attachments, 'attachments'),
        })),
      ),
    ),
    recordRecheck: command(rectificationRequests.recheck, async (request, call) => {
      const outcome = await execute(call, 'recheck', request, async (at) => {
        const { state } = await service.load(visit, request.visitId);
        const known = requireVisit(service, call, 'patrol.rectification.recheck', request.visitId, state);
        const { taskId, type, businessId, recheckOf } = known.visit;
        const result = known.status === 'completed' ? known.result : undefined;
        return {
          type: 'recheck',
          at,
          rectificationId: request.id,
          visit: { id: request.visitId, taskId, type, businessId, recheckOf, result },
          result: request.result,
          newLimit: request.limit && limitFact(service.directory, request.limit, at),
          suggestCase: request.suggestCase ?? false,
          note: request.note,
        };
      });
      return { ...answer(outcome), dueOn: dueOn(outcome.state) };
    }),
    cancelRectification: command(rectificationRequests.cancel, async (request, call) =>
      answer(await execute(call, 'cancel', request, () => ({ type: 'cancel', reason: request.reason }))),
    ),
  };
};

const dueOn = (state: RectificationState): string | undefined => ('limit' in state ? state.limit.dueOn : undefined);
