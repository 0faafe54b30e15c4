import { readDescriptorSet } from '@sanwang/contracts';
import { assertSchemaMatchesMessage, loadDescriptors } from '@sanwang/rpc';
import { beforeEach, describe, expect, test } from 'vitest';
import { patrolDouble } from './double.ts';

type Double = ReturnType<typeof patrolDouble>;
let net: Double;
const certificate = { number: 'C-1', validFrom: '2010-01-01', validTo: '2015-12-31' };
const inspector = (id: string, unit: string) => ({ id, unit, duties: ['inspector'], certificate });
const business = {
  businessId: 'local.cdph.17',
  name: 'Noodle House 面馆',
  businessType: 'restaurant',
  area: '171400042',
  coordinates: { latitude: 41.88, longitude: -87.6 },
};
const pool = {
  channel: 'statutory',
  type: 'inspection',
  checklist: 'catering',
  businessId: business.businessId,
  title: 'Routine inspection',
  source: { system: 'plan', key: '2012-17' },
};

beforeEach(async () => {
  net = patrolDouble();
  net.units(
    { code: 'city', kind: 'city', name: 'City', areas: ['1714000'], timeZone: 'America/Chicago' },
    { code: 'ward-42', kind: 'office', parent: 'city', name: 'Ward 42', areas: ['171400042'] },
    { code: 'ward-7', kind: 'office', parent: 'city', name: 'Ward 7', areas: ['171400007'] },
    { code: 'contractor', kind: 'contractor', parent: 'city', name: 'Patrols Ltd', areas: ['1714000'] },
  );
  net.officers(
    { id: 'chief', unit: 'city', duties: ['dispatcher', 'directory-admin'] },
    { id: 'desk', unit: 'ward-42', duties: ['dispatcher'] },
    { id: 'desk7', unit: 'ward-7', duties: ['dispatcher'] },
    inspector('o1', 'ward-42'),
    inspector('o2', 'ward-42'),
    inspector('o3', 'ward-42'),
    inspector('o7', 'ward-7'),
    { id: 'walker', unit: 'contractor', duties: ['inspector'] },
  );
  net.see('registration', 'Business-local.cdph.17', 'BusinessRegistered', business);
  await net.call('chief', 'publishChecklist', {
    code: 'catering',
    title: 'Catering',
    type: 'inspection',
    validFrom: '2011-01-01',
    items: [
      { number: '3', text: 'Perishable food is kept cold', severity: 'critical' },
      { number: '18', text: 'No traces of pests', severity: 'serious' },
      { number: '33', text: 'Utensils are clean', severity: 'minor' },
    ],
  });
});

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: { code: string; reason: string }) => `${error.code}/${error.reason}`,
  );
const toAccepted = async (): Promise<string> => {
  const { id } = await net.call('chief', 'poolTask', pool);
  await net.call('desk', 'dispatchTask', { id });
  await net.call('desk', 'assignTask', { id, officers: ['o1', 'o2'] });
  await net.call('o1', 'acceptTask', { id });
  return String(id);
};
const toVisited = async (taskId: string, violated: readonly string[], result: string): Promise<string> => {
  const { id } = await net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'], position: { latitude: 41.89, longitude: -87.6 } });
  const items = ['3', '18', '33'].map((number) => ({ number, result: violated.includes(number) ? 'violates' : 'conforms' }));
  await net.call('o1', 'recordItems', { id, items });
  await net.call('o2', 'completeVisit', { id, result });
  return String(id);
};

test('schemas and messages agree field by field', () => assertSchemaMatchesMessage(net.api, loadDescriptors(readDescriptorSet())));

describe('a task from pool to closing', () => {
  test('takes eight events', async () => {
    const id = await toAccepted();
    const visitId = await toVisited(id, ['18'], 'fail');
    const closed = await net.call('o1', 'completeTask', { id, visitId });
    expect(closed).toMatchObject({ id, status: 'completed', revision: 4 });
    const types = [...net.streams].flatMap(([stream, events]) => (stream.includes('Checklist') ? [] : events.map((event) => event.type)));
    expect(types).toEqual([
      'TaskPooled',
      'TaskDispatched',
      'TaskAssigned',
      'TaskAccepted',
      'TaskCompleted',
      'VisitStarted',
      'ItemsRecorded',
      'VisitCompleted',
    ]);
    expect(await net.call('o2', 'getTask', { id })).toMatchObject({
      status: 'completed',
      unit: 'ward-42',
      officers: ['o1', 'o2'],
      businessName: business.name,
      visitId,
      result: 'fail',
      priority: 3,
    });
    expect(await net.call('o2', 'getVisit', { id: visitId })).toMatchObject({
      status: 'completed',
      result: 'fail',
      serious: 1,
      visitedOn: '2012-03-01',
      deviates: true,
      signIn: { deviation: 1112 },
      items: [
        { number: '3', result: 'conforms' },
        { number: '18', result: 'violates', severity: 'serious' },
        { number: '33', result: 'conforms' },
      ],
    });
  });

  test('is pooled once, however often its source asks', async () => {
    const first = await net.call('chief', 'poolTask', pool);
    const again = await net.call('chief', 'poolTask', { ...pool, title: 'Other words' });
    expect(again).toMatchObject({ id: first['id'], revision: 0, status: 'pooled' });
  });
  test('answers a repeat as at first, also after the business has moved away', async () => {
    const first = await net.call('desk', 'poolTask', { ...pool, area: business.area }, 'key-1');
    net.see('registration', 'Business-local.cdph.17', 'BusinessMoved', { area: '171400007' });
    expect(await net.call('desk', 'poolTask', { ...pool, area: business.area }, 'key-1')).toEqual(first);
    expect(await net.call('desk', 'poolTask', pool, 'key-2')).toMatchObject({ id: first['id'], revision: 0 });
  });
  test('says of a task outside the jurisdiction only that its source is taken', async () => {
    await net.call('desk', 'poolTask', pool);
    const again = net.call('desk7', 'poolTask', { ...pool, area: '171400007', businessId: undefined, place: { name: 'Market' } });
    await expect(again).rejects.toMatchObject({ code: 'already-exists', reason: 'source-taken', facts: {} });
    expect(await refusal(net.call('o1', 'poolTask', pool))).toBe('permission-denied/duty-missing');
  });
  test('is not pooled for an unknown business, checklist, or a checklist of another type', async () => {
    expect(await refusal(net.call('chief', 'poolTask', { ...pool, businessId: 'local.cdph.99' }))).toBe('not-found/business-not-found');
    expect(await refusal(net.call('chief', 'poolTask', { ...pool, checklist: 'none' }))).toBe('invalid-argument/checklist-unknown');
    expect(await refusal(net.call('chief', 'poolTask', { ...pool, type: 'round' }))).toBe('invalid-argument/checklist-type');
  });
  test('is not pooled for a business that has closed or was entered in error', async () => {
    const stream = 'Business-local.cdph.17';
    net.see('registration', stream, 'BusinessClosed', { area: business.area });
    expect(await refusal(net.call('chief', 'poolTask', pool))).toBe('failed-precondition/business-closed');
    net.see('registration', stream, 'BusinessVoided', { area: business.area });
    expect(await refusal(net.call('chief', 'poolTask', pool))).toBe('failed-precondition/business-void');
    expect(await refusal(net.call('desk7', 'poolTask', pool))).toBe('not-found/business-not-found');
  });
  test("is pooled in its business's area only", async () => {
    expect(await refusal(net.call('chief', 'poolTask', { ...pool, area: '171400007' }))).toBe('invalid-argument/area-of-business');
    expect(await refusal(net.call('desk7', 'poolTask', pool))).toBe('not-found/business-not-found');
  });
  test('goes to a unit in the jurisdiction of the dispatcher who names it', async () => {
    const { id } = await net.call('chief', 'poolTask', pool);
    expect(await refusal(net.call('desk', 'dispatchTask', { id, unit: 'ward-7' }))).toBe('not-found/unit-not-found');
    expect(await net.call('chief', 'dispatchTask', { id, unit: 'ward-7' })).toMatchObject({ unit: 'ward-7', status: 'dispatched' });
  });
  test('goes to a unit of several areas only when the dispatcher reaches all of them, or the unit itself', async () => {
    const wards = (...areas: string[]) =>
      net.units({ code: 'wards', kind: 'office', parent: 'city', name: 'Two wards', areas, revision: areas.length });
    const { id } = await net.call('chief', 'poolTask', pool);
    wards('171400042', '171400007');
    expect(await refusal(net.call('desk', 'dispatchTask', { id, unit: 'wards' }))).toBe('not-found/unit-not-found');
    wards('17140004201', '17140004202');
    expect(await net.call('desk', 'dispatchTask', { id, unit: 'wards' })).toMatchObject({ unit: 'wards' });
    const units = { code: 'ward-42', kind: 'office', parent: 'city', name: 'Ward 42', areas: [], revision: 1 };
    net.units(units); // its own, though it has no area any more
    expect(await net.call('chief', 'dispatchTask', { id, unit: 'ward-42' })).toMatchObject({ unit: 'ward-42' });
    await net.call('desk', 'pushBackTask', { id, reason: 'ours' });
    net.units({ ...units, areas: ['171400042', '171400007'], revision: 2 });
    expect(await net.call('desk', 'dispatchTask', { id, unit: 'ward-42' })).toMatchObject({ unit: 'ward-42' });
  });
  test('goes where the first rule sends it', async () => {
    await net.call('chief', 'setDispatchRules', {
      rules: [
        { name: 'rounds', match: { type: 'round' }, to: { kind: 'contractor' } },
        { name: 'wards', to: { unit: 'ward-7' } },
      ],
    });
    const { id } = await net.call('chief', 'poolTask', pool);
    expect(await net.call('chief', 'dispatchTask', { id })).toMatchObject({ unit: 'ward-7' });
    expect(net.streams.get(`patrol.Task-${id}`)![1]!.data).toMatchObject({ by: 'rule', rule: 'wards' });
    expect(await net.call('desk', 'getDispatchRules', {})).toMatchObject({ revision: 0, rules: [{ name: 'rounds' }, { name: 'wards' }] });
  });
  test('is proposed to two officers of the unit', async () => {
    const { id } = await net.call('chief', 'poolTask', pool);
    await net.call('desk', 'dispatchTask', { id });
    const { officers } = await net.call('desk', 'assignTask', { id });
    expect(officers).toHaveLength(2);
    expect(['o1', 'o2', 'o3']).toEqual(expect.arrayContaining(officers as string[]));
  });
  test('cannot be visited before it is accepted', async () => {
    const { id } = await net.call('chief', 'poolTask', pool);
    await net.call('desk', 'dispatchTask', { id });
    await net.call('desk', 'assignTask', { id, officers: ['o1', 'o2'] });
    expect(await refusal(net.call('o1', 'startVisit', { taskId: id, officers: ['o1', 'o2'] }))).toBe('failed-precondition/task-status');
  });
  test('is out of sight of another unit', async () => {
    const id = await toAccepted();
    expect(await refusal(net.call('o7', 'getTask', { id }))).toBe('not-found/task-not-found');
    expect(await refusal(net.call('o7', 'acceptTask', { id }))).toBe('not-found/task-not-found');
    expect((await net.call('o7', 'listTasks', {}))['items']).toEqual([]);
    expect((await net.call('o2', 'listTasks', { officer: 'o2', status: 'accepted' }))['items']).toHaveLength(1);
    expect((await net.call('o2', 'listTasks', { officer: 'o3' }))['items']).toEqual([]);
  });
});

describe('a visit', () => {
  test('refuses a time in the future', async () => {
    const taskId = await toAccepted();
    const request = { taskId, officers: ['o1', 'o2'], startedAt: '2012-03-02T00:00:00.000Z' };
    expect(await refusal(net.call('o1', 'startVisit', request))).toBe('invalid-argument/in-the-future');
  });
  test("is on the city's local day, and follows the checklist of that day", async () => {
    const taskId = await toAccepted();
    net.setClock('2012-03-02T05:59:00.000Z'); // still the 1st in the city
    const { id } = await net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'] });
    expect(await net.call('o1', 'getVisit', { id })).toMatchObject({ visitedOn: '2012-03-01', checklistVersion: 1 });
  });
  test('needs a checklist in force on its day', async () => {
    net.setClock('2010-12-30T15:00:00.000Z');
    const taskId = await toAccepted();
    net.setClock('2012-03-01T15:00:00.000Z');
    expect(await refusal(net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'], startedAt: '2010-12-31T12:00:00.000Z' }))).toBe(
      'failed-precondition/no-checklist-in-force',
    );
  });
  test('is not on a day before its task was pooled, but may be earlier on that day', async () => {
    const taskId = await toAccepted();
    const start = (startedAt: string) => net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'], startedAt });
    expect(await refusal(start('2012-03-01T05:59:59.999Z'))).toBe('invalid-argument/before-the-task');
    expect(await start('2012-03-01T06:00:00.000Z')).toMatchObject({ status: 'started' });
  });
  describe('that is under way', () => {
    const underWay = async (): Promise<{ taskId: string; complete: (as: string) => Promise<Record<string, unknown>> }> => {
      const taskId = await toAccepted();
      const { id } = await net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'] });
      const items = ['3', '18', '33'].map((number) => ({ number, result: 'conforms' }));
      await net.call('o1', 'recordItems', { id, items });
      return { taskId, complete: (as) => net.call(as, 'completeVisit', { id, result: 'pass' }) };
    };
    test('is not completed once its task is cancelled', async () => {
      const { taskId, complete } = await underWay();
      await net.call('desk', 'cancelTask', { id: taskId, reason: 'planned twice' });
      expect(await refusal(complete('o1'))).toBe('failed-precondition/task-status');
    });
    test('is completed after a reassignment only by those who still have the task', async () => {
      const { taskId, complete } = await underWay();
      await net.call('desk', 'reassignTask', { id: taskId, officers: ['o2', 'o3'], reason: 'ill' });
      expect(await refusal(complete('o2'))).toBe('failed-precondition/task-status');
      await net.call('o3', 'acceptTask', { id: taskId });
      expect(await refusal(complete('o1'))).toBe('permission-denied/not-assigned');
      expect(await complete('o2')).toMatchObject({ status: 'completed' });
      expect(await refusal(complete('o1'))).toBe('failed-precondition/visit-completed');
    });
  });
  test('keeps photographs with the items, and refuses one that was not stored', async () => {
    const taskId = await toAccepted();
    const { id } = await net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'] });
    const items = [{ number: '3', result: 'violates', note: '发霉', attachments: ['photo-1'] }];
    expect(await refusal(net.call('o1', 'recordItems', { id, items }))).toBe('invalid-argument/attachment-unknown');
    net.attach({ id: 'photo-1', mediaType: 'image/jpeg', size: 9, hash: 'ff', storedAt: new Date().toISOString() });
    expect(await net.call('o1', 'recordItems', { id, items })).toMatchObject({ unanswered: 2 });
    await net.call('o1', 'recordItems', { id, items: [{ number: '18', result: 'conforms' }] });
    expect((await net.call('o1', 'getVisit', { id }))['items']).toEqual([
      { number: '3', result: 'violates', severity: 'critical', note: '发霉', attachments: [expect.objectContaining({ id: 'photo-1' })] },
      { number: '18', result: 'conforms', note: undefined, attachments: [] },
    ]);
    await net.call('o1', 'recordItems', { id, items: [{ number: '3', result: 'conforms' }] });
    expect(await net.call('o1', 'getVisit', { id })).toMatchObject({ items: [{ number: '3', result: 'conforms', attachments: [] }, {}] });
  });
  test('refuses a photograph that nothing named within a day, and takes an older one that an event has named', async () => {
    const taskId = await toAccepted();
    const { id } = await net.call('o1', 'startVisit', { taskId, officers: ['o1', 'o2'] });
    const photo = { id: 'photo-1', mediaType: 'image/jpeg', size: 9, hash: 'ff' };
    const answer = { number: '3', result: 'violates', attachments: ['photo-1'] };
    const record = (note: string) => net.call('o1', 'recordItems', { id, items: [{ ...answer, note }] });
    const dayAgo = new Date(Date.now() - 24 * 3_600_000).toISOString();
    net.attach({ ...photo, storedAt: dayAgo });
    expect(await refusal(record('发霉'))).toBe('invalid-argument/attachment-unknown');
    net.attach({ ...photo, storedAt: new Date().toISOString() });
    await record('发霉');
    net.attach({ ...photo, storedAt: dayAgo });
    expect(await record('发霉, amended')).toMatchObject({ revision: 2 });
  });
  test('a round by a contractor needs no certificate and yields a clue', async () => {
    const items = [{ number: '1', text: 'The street is clear of stalls', severity: 'minor' }];
    await net.call('chief', 'publishChecklist', { code: 'street', title: 'Street', type: 'round', validFrom: '2011-01-01', items });
    const { id: taskId } = await net.call('chief', 'poolTask', {
      channel: 'risk',
      type: 'round',
      checklist: 'street',
      title: 'Night market',
      source: { system: 'risk', key: '1' },
      place: { name: 'Night market 夜市', coordinates: { latitude: 41.88, longitude: -87.6 } },
      area: '171400042',
    });
    await net.call('chief', 'dispatchTask', { id: taskId, unit: 'contractor' });
    await net.call('chief', 'assignTask', { id: taskId });
    await net.call('walker', 'acceptTask', { id: taskId });
    const { id } = await net.call('walker', 'startVisit', {
      taskId,
      officers: ['walker'],
      position: { latitude: 41.88, longitude: -87.6 },
    });
    await net.call('walker', 'recordItems', { id, items: [{ number: '1', result: 'violates' }] });
    await net.call('walker', 'completeVisit', { id, result: 'pass' });
    expect(net.streams.get(`patrol.Visit-${id}`)!.at(-1)).toMatchObject({ type: 'ClueFound', data: { placeName: 'Night market 夜市' } });
    expect(await refusal(net.call('walker', 'issueRectification', { visitId: id, kind: 'order', limit: { days: 7 } }))).toBe(
      'failed-precondition/calendar-missing',
    );
    expect(await refusal(net.call('walker', 'issueRectification', { visitId: id, kind: 'order', limit: { dueOn: '2012-03-10' } }))).toBe(
      'failed-precondition/round-yields-clues',
    );
  });
});

describe('an order', () => {
  const ordered = async (): Promise<{ id: string; visitId: string }> => {
    const visitId = await toVisited(await toAccepted(), ['18', '33'], 'fail');
    const { id } = await net.call('o1', 'issueRectification', { visitId, kind: 'order', limit: { dueOn: '2012-03-10' } });
    return { id: String(id), visitId };
  };
  test("is due at the end of the last day by the city's clock", async () => {
    const { id } = await ordered();
    expect(await net.call('o1', 'getRectification', { id })).toMatchObject({
      status: 'ordered',
      dueOn: '2012-03-10',
      dueAt: '2012-03-11T05:59:59.999Z',
      items: [
        { number: '18', severity: 'serious' },
        { number: '33', severity: 'minor' },
      ],
    });
  });
  test('is issued once per visit', async () => {
    const { visitId } = await ordered();
    const again = net.call('o1', 'issueRectification', { visitId, kind: 'order', limit: { dueOn: '2012-03-11' } });
    expect(await refusal(again)).toBe('already-exists/rectification-exists');
  });
  test('reaches a year without a calendar only by an error that names the year', async () => {
    net.units({
      code: 'city',
      kind: 'city',
      name: 'City',
      areas: ['1714000'],
      timeZone: 'America/Chicago',
      calendar: 'chicago',
      revision: 1,
    });
    const visitId = await toVisited(await toAccepted(), ['18'], 'fail');
    const issue = net.call('o1', 'issueRectification', { visitId, kind: 'order', limit: { workingDays: 5 } });
    await expect(issue).rejects.toMatchObject({ reason: 'calendar-year-missing', facts: { year: 2012, calendar: 'chicago' } });
  });
  test('stays within reach of the officers of its visit when they have moved to another unit, and of no others there', async () => {
    const { id } = await ordered();
    net.officers({ ...inspector('o1', 'ward-7'), revision: 1 });
    expect(await refusal(net.call('o7', 'reportCorrection', { id, note: 'done' }))).toBe('not-found/rectification-not-found');
    expect(await refusal(net.call('o7', 'getRectification', { id }))).toBe('not-found/rectification-not-found');
    expect(await net.call('o1', 'reportCorrection', { id, note: 'done' })).toMatchObject({ status: 'reported' });
    expect(await net.call('o1', 'getRectification', { id })).toMatchObject({ status: 'reported' });
    expect((await net.call('o1', 'listRectifications', {}))['items']).toEqual([expect.not.objectContaining({ officers: ['o1', 'o2'] })]);
    expect((await net.call('o7', 'listRectifications', {}))['items']).toEqual([]);
  });
  test('names a last day only within two years, and in a year of the calendar', async () => {
    const visitId = await toVisited(await toAccepted(), ['18'], 'fail');
    const issue = (dueOn: string) => net.call('o1', 'issueRectification', { visitId, kind: 'order', limit: { dueOn } });
    expect(await refusal(issue('2014-03-02'))).toBe('invalid-argument/limit-too-long');
    const city = { code: 'city', kind: 'city', name: 'City', areas: ['1714000'], timeZone: 'America/Chicago', revision: 1 };
    net.units({ ...city, calendar: 'chicago' });
    net.calendarYear('chicago', 2012);
    await expect(issue('2014-03-01')).rejects.toMatchObject({
      reason: 'calendar-year-missing',
      facts: { year: 2014, calendar: 'chicago' },
    });
    net.calendarYear('chicago', 2014);
    expect(await issue('2014-03-01')).toMatchObject({ dueOn: '2014-03-01' });
  });
  test('is rechecked only by a task of its own business, and by an inspection', async () => {
    const { id } = await ordered();
    net.see('registration', 'Business-local.cdph.18', 'BusinessRegistered', { ...business, businessId: 'local.cdph.18' });
    const recheck = { ...pool, source: { system: 'patrol', key: `recheck-${id}` }, recheckOf: id };
    expect(await refusal(net.call('chief', 'poolTask', { ...recheck, recheckOf: 'rectification-none' }))).toBe(
      'invalid-argument/order-unknown',
    );
    expect(await refusal(net.call('chief', 'poolTask', { ...recheck, businessId: 'local.cdph.18' }))).toBe(
      'invalid-argument/order-unknown',
    );
    const items = [{ number: '1', text: 'The street is clear of stalls', severity: 'minor' }];
    await net.call('chief', 'publishChecklist', { code: 'street', title: 'Street', type: 'round', validFrom: '2011-01-01', items });
    expect(await refusal(net.call('chief', 'poolTask', { ...recheck, type: 'round', checklist: 'street' }))).toBe(
      'invalid-argument/inspection-required',
    );
    net.see('registration', 'Business-local.cdph.17', 'BusinessVoided', { area: business.area });
    expect(await refusal(net.call('chief', 'poolTask', recheck))).toBe('failed-precondition/business-void');
    net.see('registration', 'Business-local.cdph.17', 'BusinessClosed', { area: business.area });
    expect(await net.call('chief', 'poolTask', recheck)).toMatchObject({ status: 'pooled' });
  });
  test('is rechecked by a visit of a task that says so, and closed', async () => {
    const { id } = await ordered();
    await net.call('o1', 'reportCorrection', { id, note: 'done' });
    const { id: taskId } = await net.call('chief', 'poolTask', {
      ...pool,
      source: { system: 'patrol', key: `recheck-${id}` },
      recheckOf: id,
    });
    await net.call('desk', 'dispatchTask', { id: taskId });
    await net.call('desk', 'assignTask', { id: taskId, officers: ['o1', 'o2'] });
    await net.call('o2', 'acceptTask', { id: taskId });
    const visitId = await toVisited(String(taskId), [], 'pass');
    expect(await net.call('o1', 'recordRecheck', { id, visitId, result: 'corrected' })).toMatchObject({ status: 'corrected' });
    expect(await net.call('o1', 'getRectification', { id })).toMatchObject({
      late: false,
      overdue: false,
      rechecks: 1,
      recheckVisitId: visitId,
    });
  });
});

describe('requests', () => {
  test.each([
    ['an unknown field', 'acceptTask', { id: 't1', force: true }],
    ['an unknown filter value', 'listTasks', { status: 'lost' }],
    ['an unknown order', 'listTasks', { orderBy: 'officers' }],
    ['a page that is too large', 'listVisits', { pageSize: 501 }],
    ['an id that is a path', 'getVisit', { id: '../x' }],
    ['a date that does not exist', 'listTasks', { dueFrom: '2012-02-30' }],
    ['two limits at once', 'issueRectification', { visitId: 'v', kind: 'order', limit: { days: 3, workingDays: 3 } }],
    ['a reason of blanks', 'cancelTask', { id: 't1', reason: '   ' }],
  ])('refuse %s', async (_what, method, request) => expect(net.call('chief', method, request)).rejects.toThrow());
});
