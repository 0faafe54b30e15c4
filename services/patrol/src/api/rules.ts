import { command, query } from '@sanwang/rpc';
import type { ServiceContext } from '@sanwang/service';
import { z } from 'zod';
import { checklist } from '../checklist/decider.ts';
import { checklistVersion } from '../checklist/events.ts';
import { dispatchRules, MAIN } from '../dispatch-rules/decider.ts';
import { checklists, dispatchRulesInForce } from '../models/rules.ts';
import { areaCode, channel, code, taskType, unitCode, unitKind } from '../shared/words.ts';
import { defaultRule } from '../shared/conclusion.ts';
import { equal, get, list, paging, where } from './lists.ts';

const thresholds = z.strictObject(checklistVersion.shape.rule.shape.fail.shape);
export const rulesRequests = {
  publish: z.strictObject({
    ...checklistVersion.shape,
    code,
    items: z.array(z.strictObject(checklistVersion.shape.items.element.shape)).min(1).max(300),
    rule: z.strictObject({ fail: thresholds, conditions: thresholds }).optional(),
    signInRadius: checklistVersion.shape.signInRadius.optional(),
  }),
  listChecklists: z.strictObject({ ...paging('title'), type: taskType.optional() }),
  byCode: z.strictObject({ code }),
  setRules: z.strictObject({
    rules: z
      .array(
        z.strictObject({
          name: code,
          match: z
            .strictObject({ area: areaCode.optional(), type: taskType.optional(), channel: channel.optional(), checklist: code.optional() })
            .optional(),
          to: z.strictObject({ unit: unitCode.optional(), kind: unitKind.optional() }),
        }),
      )
      .max(200),
  }),
  none: z.strictObject({}),
};

/** Metres, unless a checklist says otherwise. */
const SIGN_IN_RADIUS = 200;

export const rulesHandlers = (service: ServiceContext) => ({
  publishChecklist: command(rulesRequests.publish, async (request, call) => {
    service.access.require(call.principal, 'patrol.checklist.write', {}, 'checklist', request.code);
    const { code, rule, signInRadius, ...content } = request;
    const version = { ...content, rule: rule ?? defaultRule, signInRadius: signInRadius ?? SIGN_IN_RADIUS };
    const { id, revision, readToken } = await service.execute(call, checklist, code, request, { type: 'publish', version });
    return { id, revision, readToken, version: revision + 1 };
  }),
  listChecklists: query(rulesRequests.listChecklists, async (request, call) => {
    const page = await list(service, call, checklists, 'patrol.checklist.read', request, {
      orderBy: 'title',
      where: where(equal('type', request.type)),
    });
    const items = page.items.map(({ id, versions, ...doc }) => ({ ...doc, code: id, versions: versions.length }));
    return { ...page, items };
  }),
  getChecklist: query(rulesRequests.byCode, async (request, call) => {
    const { id, versions, ...doc } = await get(service, call, checklists, 'patrol.checklist.read', 'checklist', request.code);
    return { ...doc, code: id, versions: versions.map((version, index) => ({ ...version, number: index + 1 })) };
  }),
  setDispatchRules: command(rulesRequests.setRules, async (request, call) => {
    service.access.require(call.principal, 'patrol.dispatch-rules.write', {}, 'dispatch-rules', MAIN);
    const rules = request.rules.map((rule) => ({ ...rule, match: rule.match ?? {} }));
    const { id, revision, readToken } = await service.execute(call, dispatchRules, MAIN, request, { type: 'set', rules });
    return { id, revision, readToken };
  }),
  getDispatchRules: query(rulesRequests.none, async (_request, call) => {
    const scope = service.access.scope(call.principal, 'patrol.dispatch-rules.read');
    await service.caughtUp(call, dispatchRulesInForce);
    const doc = await service.reader(dispatchRulesInForce).get(MAIN, scope);
    return { revision: doc?.revision ?? -1, rules: doc?.rules ?? [] };
  }),
});
