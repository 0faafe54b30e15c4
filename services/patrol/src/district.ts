import { defineDistrict, type DistrictObject } from '@sanwang/service';
import { z } from 'zod';
import type { RectificationEvent } from './rectification/events.ts';
import {
  areaCode,
  channel,
  code,
  counts,
  finding,
  id,
  instant,
  localDate,
  taskType,
  title,
  unitCode,
  visitResult,
} from './shared/words.ts';
import { place, type TaskEvent } from './task/events.ts';
import type { VisitEvent } from './visit/events.ts';

// Officers are natural persons, and notes and reasons are free text that may name some: none of them is told to a bureau here.

const taskState = z.object({
  status: z.enum(['pooled', 'dispatched', 'assigned', 'accepted', 'completed', 'cancelled']),
  channel,
  type: taskType,
  checklist: code,
  title,
  businessId: id.optional(),
  businessName: z.string().optional(),
  place: place.optional(),
  area: areaCode,
  unit: unitCode.optional(),
  priority: z.int(),
  dueOn: localDate.optional(),
  recheckOf: id.optional(),
  visitId: id.optional(),
  result: visitResult.optional(),
});

const task: DistrictObject<TaskEvent, z.infer<typeof taskState>> = {
  kind: 'Task',
  aggregate: 'Task',
  version: 1,
  description: 'A task whose place lies in the district, after each step from the pool to its end.',
  schema: taskState,
  on: {
    TaskPooled: (_, data) => ({ status: 'pooled', ...data }),
    TaskDispatched: (state, { unit }) => state && { ...state, status: 'dispatched', unit },
    TaskAssigned: (state, { unit }) => state && { ...state, status: 'assigned', unit },
    TaskReassigned: (state, { unit }) => state && { ...state, status: 'assigned', unit },
    TaskAccepted: (state, { unit }) => state && { ...state, status: 'accepted', unit },
    TaskPushedBack: (state, { to, unit }) =>
      state && (to === 'pool' ? { ...state, status: 'pooled', unit: undefined } : { ...state, status: 'dispatched', unit }),
    TaskCompleted: (state, { visitId, result }) => state && { ...state, status: 'completed', visitId, result },
    TaskCancelled: (state) => state && { ...state, status: 'cancelled' },
  },
};

const visitState = z.object({
  status: z.enum(['started', 'completed']),
  taskId: id,
  type: taskType,
  recheckOf: id.optional(),
  businessId: id.optional(),
  businessName: z.string().optional(),
  placeName: z.string().optional(),
  area: areaCode,
  unit: unitCode,
  checklist: z.object({ code, version: z.int(), items: z.int() }),
  on: localDate,
  result: visitResult.optional(),
  violated: counts.optional(),
  correctedOnSpot: z.int().optional(),
  /** What a round found wrong 线索. */
  clue: z.array(finding).optional(),
});

const visit: DistrictObject<VisitEvent, z.infer<typeof visitState>> = {
  kind: 'Visit',
  aggregate: 'Visit',
  version: 1,
  description: 'A visit at a place of the district: begun, and concluded with its result.',
  schema: visitState,
  on: {
    VisitStarted: (_, data) => ({ status: 'started', ...data }),
    VisitCompleted: (state, { result, violated, correctedOnSpot }) =>
      state && { ...state, status: 'completed', result, violated, correctedOnSpot },
    ClueFound: (state, { items }) => state && { ...state, clue: items },
  },
};

const rectificationState = z.object({
  kind: z.enum(['order', 'on-the-spot']),
  status: z.enum(['ordered', 'overdue', 'reported', 'corrected', 'referred', 'cancelled']),
  businessId: id,
  businessName: z.string().optional(),
  area: areaCode,
  unit: unitCode,
  visitId: id,
  taskId: id,
  items: z.array(finding),
  limit: z.object({ dueOn: localDate, due: instant }).optional(),
  recheckVisitId: id.optional(),
});

const rectification: DistrictObject<RectificationEvent, z.infer<typeof rectificationState>> = {
  kind: 'Rectification',
  aggregate: 'Rectification',
  version: 1,
  description: 'An order to correct 责令改正 at a business of the district, after each step until it is followed, referred or withdrawn.',
  schema: rectificationState,
  on: {
    RectificationOrdered: (_, data) => ({ kind: 'order', status: 'ordered', ...data }),
    CorrectedOnTheSpot: (_, data) => ({ kind: 'on-the-spot', status: 'corrected', ...data }),
    CorrectionReported: (state) => state && { ...state, status: 'reported' },
    RectificationOverdue: (state) => state && { ...state, status: 'overdue' },
    RectificationRechecked(state, { result, newLimit, recheckVisitId }) {
      if (!state) return state;
      if (result === 'corrected') return { ...state, recheckVisitId, status: 'corrected' };
      return newLimit ? { ...state, recheckVisitId, status: 'ordered', limit: newLimit } : { ...state, recheckVisitId, status: 'referred' };
    },
    RectificationCancelled: (state) => state && { ...state, status: 'cancelled' },
  },
};

export const district = defineDistrict('patrol', [task, visit, rectification]);
