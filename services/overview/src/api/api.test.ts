import { officerPrincipal, startTrial, type Trial } from '@sanwang/platform/trial';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let trial: Trial;
const id = 'local.sz.4711';
const staff = [
  ['operator', 'sz', 'operator'],
  ['checklists', 'sz', 'directory-admin'],
  ['dispatcher', 'futian', 'dispatcher'],
  ['registrar', 'futian', 'registrar'],
  ['city-registrar', 'sz', 'registrar'],
  ['o1', 'futian', 'inspector'],
  ['o2', 'futian', 'inspector'],
  ['nanshan-dispatcher', 'nanshan', 'dispatcher'],
  ['nanshan-registrar', 'nanshan', 'registrar'],
] as const;
const say = (who: string, method: string, request: object) => trial.call(`PatrolService/${method}`, request, officerPrincipal(who));
const ask = (who: string, method: string, request: object) => trial.call(`OverviewService/${method}`, request, officerPrincipal(who));
const refusal = (who: string, method: string, request: object) =>
  trial.refusal(`OverviewService/${method}`, request, officerPrincipal(who));

/** A week at a restaurant: an inspection that fails, an order whose limit passes; a complaint waits in the pool, a third task with its officers. */
beforeAll(async () => {
  trial = await startTrial();
  await trial.call('SimulationService/begin', { clock: '2026-03-02T01:00:00.000Z' });
  const unit = { validFrom: '2024-01-01', name: '监管局' };
  await trial.call('UnitService/registerUnit', {
    ...unit,
    code: 'sz',
    kind: 'city',
    areas: ['4403'],
    timeZone: 'Asia/Shanghai',
    calendar: 'cn',
  });
  await trial.call('CalendarService/publishCalendarYear', { calendar: 'cn', year: 2026, days: [], source: 'made up for this test' });
  for (const [code, area] of [['futian', '440304'] as const, ['nanshan', '440305'] as const]) {
    await trial.call('UnitService/registerUnit', { ...unit, code, kind: 'district', parent: 'sz', areas: [area] });
  }
  const certificate = { number: '粤B-1', validFrom: '2024-01-01', validTo: '2028-12-31' };
  for (const [officer, code, duty] of staff) {
    await trial.call('OfficerService/registerOfficer', { id: officer, name: '张三', unit: code, duties: [duty], certificate });
  }
  const number = { kind: 'local', value: '4711', authority: 'sz' };
  const business = { number, name: '面馆', businessType: 'restaurant', address: 'x', area: '440304006' };
  await trial.call('BusinessService/registerBusiness', business, officerPrincipal('registrar'));
  await trial.call('SimulationService/advanceClock', { to: '2026-03-02T02:00:00.000Z' }, officerPrincipal('operator'));
  const items = [{ number: '3', text: 'Perishable food is kept cold', severity: 'critical' }];
  await say('checklists', 'publishChecklist', { code: 'catering', title: 'Catering', type: 'inspection', validFrom: '2024-01-01', items });

  const task = {
    channel: 'statutory',
    type: 'inspection',
    checklist: 'catering',
    businessId: id,
    title: 'Routine 张三',
    dueOn: '2026-03-10',
  };
  const { id: first } = await say('dispatcher', 'poolTask', { ...task, source: { system: 'plan', key: '1' } });
  await say('dispatcher', 'dispatchTask', { id: first });
  await say('dispatcher', 'assignTask', { id: first, officers: ['o1', 'o2'] });
  await say('o1', 'acceptTask', { id: first });
  const { id: visitId } = await say('o1', 'startVisit', { taskId: first, officers: ['o1', 'o2'] });
  await say('o1', 'recordItems', { id: visitId, items: [{ number: '3', result: 'violates' }] });
  await say('o2', 'completeVisit', { id: visitId, result: 'fail' });
  await say('o1', 'issueRectification', { visitId, kind: 'order', limit: { dueOn: '2026-03-05' } });
  await say('o1', 'completeTask', { id: first, visitId });
  await say('dispatcher', 'poolTask', { ...task, channel: 'external', dueOn: '2026-03-04', source: { system: '12315', key: '9' } });
  const { id: third } = await say('dispatcher', 'poolTask', {
    ...task,
    channel: 'risk',
    dueOn: '2026-03-05',
    source: { system: 'risk', key: '1' },
  });
  await say('dispatcher', 'dispatchTask', { id: third });
  await say('dispatcher', 'assignTask', { id: third, officers: ['o2', 'o1'] });
  await trial.call('SimulationService/advanceClock', { to: '2026-03-07T00:00:00.000Z' }, officerPrincipal('operator'));
});
afterAll(() => trial.stop());

describe('the board', () => {
  test('counts tasks and orders of the unit', async () =>
    expect(await ask('dispatcher', 'getBoard', { unit: 'futian' })).toMatchObject({
      unit: 'futian',
      asOf: '2026-03-07',
      total: { pooled: 1, open: 1, overdue: 2, done: 1, cancelled: 0 },
      orders: { open: 1, overdue: 1, closed: 0 },
      items: [
        {
          unit: 'futian',
          kind: 'district',
          cells: [
            { channel: 'external', taskType: 'inspection', counts: { pooled: 1, overdue: 1 } },
            { channel: 'risk', taskType: 'inspection', counts: { open: 1, overdue: 1 } },
            { channel: 'statutory', taskType: 'inspection', counts: { done: 1, overdue: 0 } },
          ],
        },
      ],
    }));
  test("is that of the caller's unit unless another is asked for", async () =>
    expect(await ask('dispatcher', 'getBoard', {})).toMatchObject({ unit: 'futian' }));
  test('of the whole city is shown to those who may see it', async () =>
    expect(await trial.call('OverviewService/getBoard', {})).toMatchObject({ unit: 'sz', total: { pooled: 1, open: 1, done: 1 } }));
  test('is not found outside the jurisdiction, nor for a unit that is not', async () => {
    expect(await refusal('nanshan-dispatcher', 'getBoard', { unit: 'futian' })).toMatchObject({ reason: 'unit-not-found' });
    expect(await refusal('registrar', 'getBoard', { unit: 'futian' })).toMatchObject({ reason: 'duty-missing' });
    expect(await trial.refusal('OverviewService/getBoard', { unit: 'nowhere' })).toMatchObject({ reason: 'unit-not-found' });
  });
});

describe('the file of a business', () => {
  const types = async (request: object = {}) =>
    ((await ask('registrar', 'getBusinessFile', { id, ...request }))['items'] as { type: string }[]).map(({ type }) => type.split('.')[1]);
  test('tells what happened, in order of occurrence', async () => {
    const found = await types();
    expect(found).toHaveLength(14);
    expect(found[0]).toBe('BusinessRegistered');
    expect(found.at(-1)).toBe('RectificationOverdue');
    expect((await types({ orderBy: '-at' })).at(0)).toBe('RectificationOverdue');
  });
  test('holds no free text and no person', async () => {
    const answer = await ask('registrar', 'getBusinessFile', { id });
    expect(answer).toMatchObject({ id, name: '面馆', status: 'active' });
    expect(JSON.stringify(answer)).not.toMatch(/张三|Routine/);
  });
  test('comes in pages', async () => {
    const first = await ask('registrar', 'getBusinessFile', { id, pageSize: 10 });
    expect(first['items']).toHaveLength(10);
    expect(await types({ pageSize: 10, pageToken: first['nextPageToken'] })).toHaveLength(4);
  });
  test('goes with the business when it moves', async () => {
    expect(await refusal('nanshan-registrar', 'getBusinessFile', { id })).toMatchObject({ code: 'not-found' });
    const move = { id, address: '南山区 2 号', area: '440305001' };
    await trial.call('BusinessService/moveBusiness', move, officerPrincipal('city-registrar'));
    expect((await ask('nanshan-registrar', 'getBusinessFile', { id }))['items']).toHaveLength(15);
    expect(await refusal('registrar', 'getBusinessFile', { id })).toMatchObject({ code: 'not-found' });
  });
});

describe('the workload of an officer', () => {
  test('counts whatever the place in the team', async () => {
    const counts = { tasksOpen: 1, tasksOverdue: 1, tasksDone: 1, visitsOpen: 0, visitsDone: 1 };
    expect(await ask('o1', 'getOfficerWorkload', { id: 'o1' })).toMatchObject({ ...counts, ordersOpen: 1, ordersOverdue: 1 });
    expect(await ask('dispatcher', 'getOfficerWorkload', { id: 'o2' })).toMatchObject({ ...counts, ordersOpen: 0 });
  });
  test('is not shown to colleagues or other units', async () => {
    expect(await refusal('o2', 'getOfficerWorkload', { id: 'o1' })).toMatchObject({ reason: 'officer-not-found' });
    expect(await refusal('nanshan-dispatcher', 'getOfficerWorkload', { id: 'o1' })).toMatchObject({ reason: 'officer-not-found' });
  });
});
