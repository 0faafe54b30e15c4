import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import type { OfficerFact } from '../shared/officers.ts';
import { task, type TaskCommand } from './decider.ts';
import type { Pooled, TaskEvent } from './events.ts';

const pooled: Pooled = {
  channel: 'statutory',
  type: 'inspection',
  checklist: 'catering',
  businessId: 'local.cdph.17',
  businessName: 'Noodle House 面馆',
  area: '171400042',
  priority: 3,
  dueOn: '2012-03-09',
  title: 'Routine inspection',
  source: { system: 'plan', key: '2012-17' },
};
const about = { businessId: 'local.cdph.17', area: '171400042' };
const unit = 'ward-42';
const inUnit = { ...about, unit };
const TaskPooled: TaskEvent = { type: 'TaskPooled', data: pooled };
const TaskDispatched: TaskEvent = { type: 'TaskDispatched', data: { ...inUnit, by: 'area' } };
const TaskAssigned: TaskEvent = { type: 'TaskAssigned', data: { ...inUnit, officers: ['o1', 'o2'], proposed: false } };
const TaskAccepted: TaskEvent = { type: 'TaskAccepted', data: { ...inUnit, officer: 'o1' } };
const TaskCompleted: TaskEvent = { type: 'TaskCompleted', data: { ...inUnit, visitId: 'v1', result: 'pass' } };
const TaskCancelled: TaskEvent = { type: 'TaskCancelled', data: { ...inUnit, reason: 'doubled' } };
const dispatched = [TaskPooled, TaskDispatched];
const assigned = [...dispatched, TaskAssigned];
const accepted = [...assigned, TaskAccepted];
const round = { ...pooled, type: 'round' as const };
const dispatchedRound: TaskEvent[] = [{ type: 'TaskPooled', data: round }, TaskDispatched];

const officer = (id: string, change: Partial<OfficerFact> = {}): OfficerFact => ({
  id,
  inUnit: true,
  active: true,
  inspector: true,
  certificate: { number: `C-${id}`, validFrom: '2010-01-01', validTo: '2013-12-31' },
  ...change,
});
const assign = (named: readonly string[] | undefined, officers: readonly OfficerFact[]): TaskCommand => ({
  type: 'assign',
  named,
  officers,
  on: '2012-03-01',
  seed: 't1',
});
const reassign = (named: readonly string[]): TaskCommand => ({
  type: 'reassign',
  reason: 'on leave',
  named,
  officers: named.map((id) => officer(id)),
  on: '2012-03-01',
  seed: 't1',
});
const { given } = specify(task);

describe('pool', () => {
  test('takes a task into the pool', () => given().when({ type: 'pool', task: pooled }).then(TaskPooled));
  test('stays quiet when the source is pooled a second time', () =>
    given(...dispatched)
      .when({ type: 'pool', task: { ...pooled, title: 'Other words' } })
      .staysQuiet());
  test('refuses an inspection without a business', () =>
    given()
      .when({ type: 'pool', task: { ...pooled, businessId: undefined, place: { name: 'Market' } } })
      .refuses('invalid-argument', 'business-required', 'businessId'));
  test('refuses a round without business and place', () =>
    given()
      .when({ type: 'pool', task: { ...round, businessId: undefined } })
      .refuses('invalid-argument', 'object-required', 'businessId'));
  test('refuses any other command on a task that is not there', () =>
    given().when({ type: 'cancel', reason: 'doubled' }).refuses('not-found', 'task-not-found'));
});

describe('dispatch', () => {
  const to = (code: string, authority = true): TaskCommand => ({ type: 'dispatch', unit: { code, authority }, by: 'rule', rule: 'all' });
  test('sends a pooled task to a unit', () =>
    given(TaskPooled)
      .when(to(unit))
      .then({ type: 'TaskDispatched', data: { ...inUnit, by: 'rule', rule: 'all' } }));
  test('sends a dispatched task on to another unit', () =>
    given(...dispatched)
      .when(to('ward-7'))
      .then({ type: 'TaskDispatched', data: { ...about, unit: 'ward-7', by: 'rule', rule: 'all', from: unit } }));
  test('stays quiet when the unit has the task already', () =>
    given(...dispatched)
      .when(to(unit))
      .staysQuiet());
  test('refuses once officers have the task', () =>
    given(...assigned)
      .when(to('ward-7'))
      .refuses('failed-precondition', 'task-status'));
  test('refuses an inspection by a unit without powers', () =>
    given(TaskPooled).when(to('contractor-1', false)).refuses('invalid-argument', 'unit-without-powers', 'unit'));
  test('lets a unit without powers make a round', () =>
    given(dispatchedRound[0]!)
      .when(to('contractor-1', false))
      .then({ type: 'TaskDispatched', data: { ...about, unit: 'contractor-1', by: 'rule', rule: 'all' } }));
});

describe('assign', () => {
  test('gives the task to named officers', () =>
    given(...dispatched)
      .when(assign(['o1', 'o2'], [officer('o1'), officer('o2')]))
      .then(TaskAssigned));
  test('stays quiet when they have it', () =>
    given(...assigned)
      .when(assign(['o1', 'o2'], [officer('o1'), officer('o2')]))
      .staysQuiet());
  test('refuses a task that was not dispatched', () =>
    given(TaskPooled)
      .when(assign(['o1', 'o2'], []))
      .refuses('failed-precondition', 'task-status'));
  test('refuses one officer alone for an inspection, also when he is named twice', () =>
    given(...dispatched)
      .when(assign(['o1', 'o1'], [officer('o1')]))
      .refuses('invalid-argument', 'too-few-officers', 'officers'));
  test.each([
    ['inactive', { active: false }],
    ['no inspector', { inspector: false }],
    ['of another unit', { inUnit: false }],
    ['without a certificate', { certificate: undefined }],
    ['with an expired certificate', { certificate: { number: 'C', validFrom: '2010-01-01', validTo: '2012-02-29' } }],
    ['with a certificate not yet valid', { certificate: { number: 'C', validFrom: '2012-03-02', validTo: '2013-12-31' } }],
  ])('refuses an officer who is %s', (_what, change) =>
    given(...dispatched)
      .when(assign(['o1', 'o2'], [officer('o1'), officer('o2', change)]))
      .refuses('invalid-argument', 'officer-unfit', 'officers.1'),
  );
  test('refuses an officer whom the directory does not know', () =>
    given(...dispatched)
      .when(assign(['o1', 'o9'], [officer('o1')]))
      .refuses('invalid-argument', 'officer-unfit', 'officers.1'));
  test('lets one officer without a certificate make a round', () =>
    given(...dispatchedRound)
      .when(assign(['o1'], [officer('o1', { certificate: undefined })]))
      .then({ type: 'TaskAssigned', data: { ...inUnit, officers: ['o1'], proposed: false } }));
  test('proposes two fit officers, others after a push-back', () => {
    const officers = ['a', 'b', 'c', 'd', 'e'].map((id) => officer(id, id === 'c' ? { active: false } : {}));
    const propose = (...history: readonly TaskEvent[]): readonly string[] => {
      const [event] = task.decide(assign(undefined, officers), given(...history).state);
      return event?.type === 'TaskAssigned' && event.data.proposed ? event.data.officers : [];
    };
    const first = propose(...dispatched);
    expect(first).toHaveLength(2);
    const again: TaskEvent = { type: 'TaskAssigned', data: { ...inUnit, officers: [...first], proposed: true } };
    const back: TaskEvent = { type: 'TaskPushedBack', data: { ...inUnit, to: 'unit', reason: 'too far' } };
    expect([...first, ...propose(...dispatched, again, back)].sort()).toEqual(['a', 'b', 'd', 'e']);
  });
  test('refuses to propose when the unit has not two fit officers', () =>
    given(...dispatched)
      .when(assign(undefined, [officer('o1'), officer('o2', { certificate: undefined })]))
      .refuses('failed-precondition', 'no-officers'));
});

describe('reassign', () => {
  test('gives an accepted task to other officers, who have to accept it again', () => {
    const event: TaskEvent = {
      type: 'TaskReassigned',
      data: { ...inUnit, officers: ['o3', 'o4'], proposed: false, reason: 'on leave' },
    };
    given(...accepted)
      .when(reassign(['o3', 'o4']))
      .then(event);
    given(...accepted, event)
      .when({ type: 'accept', officer: 'o1' })
      .refuses('permission-denied', 'not-assigned');
  });
  test('stays quiet when they have it', () =>
    given(...accepted)
      .when(reassign(['o1', 'o2']))
      .staysQuiet());
  test('refuses a task that nobody has', () =>
    given(...dispatched)
      .when(reassign(['o3', 'o4']))
      .refuses('failed-precondition', 'task-status'));
});

describe('accept', () => {
  test('records the officer who accepted', () =>
    given(...assigned)
      .when({ type: 'accept', officer: 'o1' })
      .then(TaskAccepted));
  test('stays quiet when it is accepted', () =>
    given(...accepted)
      .when({ type: 'accept', officer: 'o2' })
      .staysQuiet());
  test('refuses an officer to whom it is not assigned', () =>
    given(...assigned)
      .when({ type: 'accept', officer: 'o3' })
      .refuses('permission-denied', 'not-assigned'));
  test('refuses a task that nobody has', () =>
    given(...dispatched)
      .when({ type: 'accept', officer: 'o1' })
      .refuses('failed-precondition', 'task-status'));
});

describe('push back', () => {
  const back: TaskCommand = { type: 'push-back', reason: 'not ours' };
  test('goes from the unit to the pool, and can be dispatched again', () => {
    const event: TaskEvent = { type: 'TaskPushedBack', data: { ...inUnit, to: 'pool', reason: 'not ours' } };
    given(...dispatched)
      .when(back)
      .then(event);
    given(...dispatched, event)
      .when({ type: 'dispatch', unit: { code: unit, authority: true }, by: 'area' })
      .then({ type: 'TaskDispatched', data: { ...inUnit, by: 'area' } });
  });
  test('goes from the officers to the unit', () =>
    given(...accepted)
      .when(back)
      .then({ type: 'TaskPushedBack', data: { ...inUnit, to: 'unit', reason: 'not ours' } }));
  test('stays quiet in the pool', () => given(TaskPooled).when(back).staysQuiet());
  test('refuses a completed task', () =>
    given(...accepted, TaskCompleted)
      .when(back)
      .refuses('failed-precondition', 'task-status'));
});

describe('complete', () => {
  const complete = (visit: Partial<{ id: string; taskId: string; result: 'pass' | undefined }> = {}): TaskCommand => ({
    type: 'complete',
    taskId: 't1',
    visit: { id: 'v1', taskId: 't1', result: 'pass', ...visit },
  });
  test('closes the task with its visit', () =>
    given(...accepted)
      .when(complete())
      .then(TaskCompleted));
  test('stays quiet when the same visit closed it', () =>
    given(...accepted, TaskCompleted)
      .when(complete())
      .staysQuiet());
  test('refuses another visit once it is closed', () =>
    given(...accepted, TaskCompleted)
      .when(complete({ id: 'v2' }))
      .refuses('failed-precondition', 'task-status'));
  test('refuses a visit of another task', () =>
    given(...accepted)
      .when(complete({ taskId: 't2' }))
      .refuses('invalid-argument', 'visit-of-another-task', 'visitId'));
  test('refuses a visit that is not completed', () =>
    given(...accepted)
      .when(complete({ result: undefined }))
      .refuses('failed-precondition', 'visit-not-completed'));
  test('refuses a task that nobody accepted', () =>
    given(...assigned)
      .when(complete())
      .refuses('failed-precondition', 'task-status'));
});

describe('cancel', () => {
  const cancel: TaskCommand = { type: 'cancel', reason: 'doubled' };
  test('calls an open task off, naming the unit that had it', () =>
    given(...accepted)
      .when(cancel)
      .then(TaskCancelled));
  test('calls a pooled task off', () =>
    given(TaskPooled)
      .when(cancel)
      .then({ type: 'TaskCancelled', data: { ...about, reason: 'doubled' } }));
  test('stays quiet when it is called off', () => given(TaskPooled, TaskCancelled).when(cancel).staysQuiet());
  test('refuses a completed task', () =>
    given(...accepted, TaskCompleted)
      .when(cancel)
      .refuses('failed-precondition', 'task-status'));
});
