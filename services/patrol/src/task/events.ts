import { defineEvent, type EventsOf } from '@sanwang/kernel';
import { z } from 'zod';
import {
  about,
  areaCode,
  channel,
  code,
  coordinates,
  id,
  localDate,
  reason,
  taskType,
  title,
  unitCode,
  visitResult,
} from '../shared/words.ts';

/** A place that is no business: a street, a market, a stall without a licence. */
export const place = z.object({ name: z.string().trim().min(1).max(200), coordinates: coordinates.optional() });

/** Where a task was asked for. A second pooling with the same system and key is the same task. */
export const source = z.object({ system: code, key: z.string().trim().min(1).max(200) });

const inUnit = { ...about, unit: unitCode };
const officers = z.array(id).min(1).max(8);

export const taskEvents = {
  TaskPooled: defineEvent('TaskPooled', {
    visibility: 'public',
    description: 'A task came into the pool 任务入池. `on` is the local day.',
    schema: z.object({
      channel,
      type: taskType,
      checklist: code,
      businessId: id.optional(),
      businessName: z.string().max(200).optional(),
      place: place.optional(),
      area: areaCode,
      priority: z.number().int().min(1).max(5),
      dueOn: localDate.optional(),
      title,
      source,
      recheckOf: id.optional(),
      on: localDate.optional(),
    }),
  }),
  TaskDispatched: defineEvent('TaskDispatched', {
    visibility: 'public',
    description: 'A task was dispatched 分拨 to a unit: by a rule (its name is given), by the unit responsible for the area, or by name.',
    schema: z.object({ ...inUnit, by: z.enum(['rule', 'area', 'name']), rule: code.optional(), from: unitCode.optional() }),
  }),
  TaskAssigned: defineEvent('TaskAssigned', {
    visibility: 'public',
    description: 'Officers of the unit were given the task, by name or as proposed by rotation. The first one leads 主办.',
    schema: z.object({ ...inUnit, officers, proposed: z.boolean() }),
  }),
  TaskReassigned: defineEvent('TaskReassigned', {
    visibility: 'public',
    description: 'Other officers of the unit were given the task 改派.',
    schema: z.object({ ...inUnit, officers, proposed: z.boolean(), reason }),
  }),
  TaskAccepted: defineEvent('TaskAccepted', {
    visibility: 'public',
    description: 'One of the assigned officers accepted the task 接单.',
    schema: z.object({ ...inUnit, officer: id }),
  }),
  TaskPushedBack: defineEvent('TaskPushedBack', {
    visibility: 'public',
    description: 'The task was pushed back 退回: by its officers to the unit, or by the unit to the pool.',
    schema: z.object({ ...inUnit, to: z.enum(['unit', 'pool']), reason }),
  }),
  TaskCompleted: defineEvent('TaskCompleted', {
    visibility: 'public',
    description: 'The work was checked and the task closed 办结; the visit that did it is named.',
    schema: z.object({ ...inUnit, visitId: id, result: visitResult }),
  }),
  TaskCancelled: defineEvent('TaskCancelled', {
    visibility: 'public',
    description: 'The task was called off.',
    schema: z.object({ ...about, reason }),
  }),
};
export type TaskEvent = EventsOf<typeof taskEvents>;
export type Pooled = z.infer<typeof taskEvents.TaskPooled.schema>;
