import { describe, expect, test } from 'vitest';
import { assignments } from './assignments.ts';
import { businesses } from './businesses.ts';
import { orders } from './orders.ts';
import { published, projected } from './published.double.ts';
import { tasks } from './tasks.ts';
import { visits } from './visits.ts';

const about = { businessId: 'uscc.91350100M000100Y43', area: '440304006' };
const inUnit = { ...about, unit: 'sz-futian-xiangmihu' };
const pooled = ['patrol.TaskPooled', { ...about, channel: 'statutory', type: 'inspection', priority: 3, dueOn: '2026-03-10' }] as const;
const dispatched = ['patrol.TaskDispatched', { ...inUnit, by: 'area' }] as const;
const assigned = ['patrol.TaskAssigned', { ...inUnit, officers: ['o1', 'o2'], proposed: true }] as const;

describe('the board’s tasks', () => {
  const of = (...events: Parameters<typeof projected>[2][]) => projected(tasks, 'patrol.Task-t1', ...events);
  test('wait in the pool without a unit', () =>
    expect(of(pooled)).toEqual({
      id: 't1',
      area: '440304006',
      status: 'pooled',
      channel: 'statutory',
      taskType: 'inspection',
      dueOn: '2026-03-10',
      revision: 0,
    }));
  test('are open in the unit to which they were dispatched', () =>
    expect(of(pooled, dispatched)).toMatchObject({ status: 'open', unit: 'sz-futian-xiangmihu', revision: 1 }));
  test('stay open in the unit when the officers push them back', () =>
    expect(of(pooled, dispatched, ['patrol.TaskPushedBack', { ...inUnit, to: 'unit' }])).toMatchObject({
      status: 'open',
      unit: inUnit.unit,
    }));
  test('are in the pool again when the unit pushes them back', () => {
    const doc = of(pooled, dispatched, ['patrol.TaskPushedBack', { ...inUnit, to: 'pool' }]);
    expect(doc).toMatchObject({ status: 'pooled' });
    expect(doc?.unit).toBeUndefined();
  });
  test('end', () => {
    expect(of(pooled, dispatched, ['patrol.TaskCompleted', inUnit])).toMatchObject({ status: 'done', unit: inUnit.unit });
    expect(of(pooled, ['patrol.TaskCancelled', about])).toMatchObject({ status: 'cancelled' });
  });
});

describe('the board’s orders', () => {
  const of = (...events: Parameters<typeof projected>[2][]) => projected(orders, 'patrol.Rectification-r1', ...events);
  const ordered = ['patrol.RectificationOrdered', { ...inUnit, visitId: 'v1', taskId: 't1', limit: { dueOn: '2026-03-20' } }] as const;
  const overdue = ['patrol.RectificationOverdue', { ...inUnit, dueOn: '2026-03-20' }] as const;
  test('are open for the unit and the officer who issued them', () =>
    expect(of(ordered)).toMatchObject({ id: 'r1', unit: inUnit.unit, status: 'open', overdue: false, issuedBy: 'o1' }));
  test('are overdue until the correction is reported', () => {
    expect(of(ordered, overdue)).toMatchObject({ status: 'open', overdue: true });
    expect(of(ordered, overdue, ['patrol.CorrectionReported', { ...inUnit, late: true }])).toMatchObject({
      status: 'open',
      overdue: false,
    });
  });
  test('close when a recheck confirms the correction, or when a case follows', () => {
    expect(of(ordered, ['patrol.RectificationRechecked', { ...inUnit, result: 'corrected' }])).toMatchObject({ status: 'closed' });
    expect(of(ordered, ['patrol.RectificationRechecked', { ...inUnit, result: 'not-corrected' }])).toMatchObject({ status: 'closed' });
  });
  test('stay open when a recheck sets a new limit', () =>
    expect(
      of(ordered, overdue, ['patrol.RectificationRechecked', { ...inUnit, result: 'not-corrected', newLimit: { dueOn: '2026-04-01' } }]),
    ).toMatchObject({ status: 'open', overdue: false }));
  test('are no corrections on the spot', () => expect(of(['patrol.CorrectedOnTheSpot', inUnit])).toBeUndefined());
});

describe('the workload', () => {
  const of = (...events: Parameters<typeof projected>[2][]) => projected(assignments, 'patrol.Task-t1', ...events);
  test('names each officer of the team', () =>
    expect(of(pooled, dispatched, assigned)).toMatchObject({ status: 'open', dueOn: '2026-03-10', officers: ['o1', 'o2'] }));
  test('leaves no officer behind who was replaced', () => {
    const doc = of(pooled, dispatched, assigned, ['patrol.TaskReassigned', { ...inUnit, officers: ['o3'] }]);
    expect(doc?.officers).toEqual(['o3']);
  });
  test('is taken off who pushed the task back', () =>
    expect(of(pooled, dispatched, assigned, ['patrol.TaskPushedBack', { ...inUnit, to: 'unit' }])?.officers).toEqual([]));
  test('keeps who did the task', () =>
    expect(of(pooled, dispatched, assigned, ['patrol.TaskCompleted', inUnit])).toMatchObject({ status: 'done', officers: ['o1', 'o2'] }));
  test('counts visits for those who signed in and those who concluded', () => {
    const started = ['patrol.VisitStarted', { ...inUnit, taskId: 't1', officers: [{ id: 'o1', certificate: 'x' }, { id: 'o2' }] }] as const;
    expect(projected(visits, 'patrol.Visit-v1', started)).toMatchObject({ status: 'open', officers: ['o1', 'o2'] });
    expect(
      projected(visits, 'patrol.Visit-v1', started, ['patrol.VisitCompleted', { ...inUnit, result: 'pass', officers: ['o1', 'o2'] }]),
    ).toMatchObject({ status: 'done', result: 'pass', officers: ['o1', 'o2'] });
  });
});

test('the businesses follow name, area and end', () =>
  expect(
    projected(
      businesses,
      `registration.Business-${about.businessId}`,
      ['registration.BusinessRegistered', { ...about, name: '面馆' }],
      ['registration.BusinessMoved', { ...about, area: '440305001' }],
      ['registration.BusinessCorrected', { ...about, area: '440305001', name: '面庄' }],
      ['registration.BusinessClosed', { ...about, area: '440305001' }],
    ),
  ).toEqual({ id: about.businessId, name: '面庄', area: '440305001', status: 'closed', revision: 3 }));

describe('no model is stopped by a recorded fact', () => {
  const models = [tasks, orders, assignments, visits, businesses];
  test.each([[{}], [null], ['text'], [{ area: 7, unit: [], officers: 'o1', limit: 3, newLimit: null, violated: [] }]])('%j', (data) => {
    for (const model of models) {
      for (const [type, handler] of Object.entries(model.on)) {
        const event = published(type, `${type.split('.')[0]}.Thing-x1`, data);
        const first = Object.values(model.on)[0]!.project(undefined, event);
        expect(() => handler.project(undefined, event)).not.toThrow();
        expect(() => handler.project(first as never, event)).not.toThrow();
      }
    }
  });
});
