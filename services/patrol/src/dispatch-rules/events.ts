import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import { areaCode, channel, code, taskType, unitCode, unitKind } from '../shared/words.ts';

/**
 * One rule of dispatch 分拨规则. It matches a task in which everything named fits (`area` is a prefix), and sends it to a unit:
 * `unit` by its code, or the unit of `kind` that is responsible for the task's area.
 */
const rule = z.object({
  name: code,
  match: z.object({ area: areaCode.optional(), type: taskType.optional(), channel: channel.optional(), checklist: code.optional() }),
  to: z.object({ unit: unitCode.optional(), kind: unitKind.optional() }),
});
export type DispatchRule = z.infer<typeof rule>;
export const dispatchRuleList = z.array(rule).max(200);

export const dispatchRulesEvents = {
  DispatchRulesSet: defineEvent('DispatchRulesSet', {
    visibility: 'private',
    description: 'The whole list of dispatch rules, in order; the first that matches decides.',
    schema: z.object({ rules: dispatchRuleList }),
  }),
};
export type DispatchRulesEvent = EventsOf<typeof dispatchRulesEvents>;
