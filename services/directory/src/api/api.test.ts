import { readDescriptorSet } from '@sanwang/contracts';
import { officerPrincipal, startTrial, type Trial } from '@sanwang/platform/trial';
import { assertSchemaMatchesMessage, loadDescriptors } from '@sanwang/rpc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let trial: Trial;
beforeAll(async () => void (trial = await startTrial()));
afterAll(() => trial.stop());

const city = {
  code: 'sz',
  kind: 'city',
  name: '深圳市市场监督管理局',
  areas: ['4403'],
  validFrom: '2024-01-01',
  timeZone: 'Asia/Shanghai',
  calendar: 'cn',
};
const futian = { code: 'sz-futian', kind: 'district', parent: 'sz', name: '福田监管局', areas: ['440304'], validFrom: '2024-01-01' };
const office = { ...futian, code: 'sz-futian-xiangmihu', kind: 'office', parent: 'sz-futian', name: '香蜜湖监管所', areas: ['440304006'] };
const officer = { name: '张三', unit: 'sz-futian', active: true };
const admin = officerPrincipal('futian-admin');
const operator = officerPrincipal('sz-operator');

test('schemas and messages agree', () => {
  const descriptors = loadDescriptors(readDescriptorSet());
  for (const service of trial.host.services) for (const api of service.apis) assertSchemaMatchesMessage(api, descriptors);
});

describe('a simulation', () => {
  test('begins on the empty log and stops the clock', async () => {
    await trial.call('SimulationService/begin', { clock: '2026-03-02T08:00:00+08:00' });
    expect(trial.host.services[0]!.context.clock.now()).toBe('2026-03-02T00:00:00.000Z');
  });
});

describe('units', () => {
  test('are imported by the bootstrap subject, twice without harm', async () => {
    for (const unit of [city, futian, office])
      expect(await trial.call('UnitService/registerUnit', unit)).toMatchObject({ id: unit.code, revision: 0 });
    expect(await trial.call('UnitService/registerUnit', futian)).toMatchObject({ revision: 0 });
  });
  test('are refused with other content, a missing parent or areas outside', async () => {
    expect(await trial.refusal('UnitService/registerUnit', { ...futian, name: 'x' })).toMatchObject({ reason: 'unit-exists' });
    expect(await trial.refusal('UnitService/registerUnit', { ...futian, code: 'a', parent: 'b' })).toMatchObject({ fields: ['parent'] });
    expect(await trial.refusal('UnitService/registerUnit', { ...office, code: 'a', areas: ['440305'] })).toMatchObject({
      fields: ['areas.0'],
    });
  });
  test('are listed in order, by parent and by name', async () => {
    const codes = async (request: object): Promise<unknown> =>
      ((await trial.call('UnitService/listUnits', { pageSize: 50, ...request }))['items'] as { code: string }[]).map(({ code }) => code);
    expect(await codes({})).toEqual(['sz', 'sz-futian', 'sz-futian-xiangmihu']);
    expect(await codes({ orderBy: '-code' })).toEqual(['sz-futian-xiangmihu', 'sz-futian', 'sz']);
    expect(await codes({ parent: 'sz-futian' })).toEqual(['sz-futian-xiangmihu']);
    expect(await codes({ q: '福田' })).toEqual(['sz-futian']);
  });
});

describe('officers', () => {
  test('are registered, found by name, and shown with their revision', async () => {
    await trial.call('OfficerService/registerOfficer', { ...officer, id: 'futian-admin', duties: ['directory-admin'] });
    await trial.call('OfficerService/registerOfficer', { ...officer, id: 'sz-operator', unit: 'sz', name: '王五', duties: ['operator'] });
    expect(await trial.call('OfficerService/listOfficers', { pageSize: 50, q: '张三' })).toMatchObject({
      items: [{ id: 'futian-admin', name: { subject: 'officer.futian-admin', value: '张三' }, revision: 0 }],
    });
  });
  test('of a district are kept by its own administrator', async () => {
    const request = { ...officer, id: 'x1', unit: 'sz-futian-xiangmihu', name: '李四', duties: ['inspector'] };
    expect(await trial.call('OfficerService/registerOfficer', request, admin)).toMatchObject({ id: 'x1' });
    const { name: _name, ...change } = request;
    expect(await trial.call('OfficerService/changeOfficer', { ...change, active: false }, admin)).toMatchObject({ revision: 1 });
    expect(await trial.call('OfficerService/getOfficer', { id: 'x1' }, admin)).toMatchObject({ active: false, name: { value: '李四' } });
  });
  test('outside it are not found', async () => {
    expect(await trial.refusal('OfficerService/registerOfficer', { ...officer, id: 'x2', unit: 'sz', duties: [] }, admin)).toMatchObject({
      code: 'not-found',
    });
    expect(await trial.refusal('OfficerService/getOfficer', { id: 'sz-operator' }, admin)).toMatchObject({ reason: 'officer-not-found' });
  });
  test('are not given a duty over the whole city by a district', async () =>
    expect(await trial.refusal('OfficerService/registerOfficer', { ...officer, id: 'x2', duties: ['auditor'] }, admin)).toMatchObject({
      code: 'not-found',
    }));
});

describe('a unit’s administrator', () => {
  const { kind: _kind, ...ownUnit } = futian;
  const { kind: _officeKind, ...below } = office;
  test('changes the units below', async () =>
    expect(await trial.call('UnitService/changeUnit', { ...below, name: '香蜜湖所' }, admin)).toMatchObject({ revision: 1 }));
  test('does not widen the own jurisdiction', async () =>
    expect(await trial.refusal('UnitService/changeUnit', { ...ownUnit, areas: ['4403'] }, admin)).toMatchObject({ code: 'not-found' }));
});

describe('calendars', () => {
  test('are published, quietly the second time, and anew when changed', async () => {
    const year = { calendar: 'cn', year: 2026, days: [{ date: '2026-10-01', working: false, name: '国庆节' }], source: '国办' };
    expect(await trial.call('CalendarService/publishCalendarYear', year)).toMatchObject({ id: 'cn-2026', revision: 0 });
    expect(await trial.call('CalendarService/publishCalendarYear', year)).toMatchObject({ revision: 0 });
    expect(await trial.call('CalendarService/publishCalendarYear', { ...year, days: [] })).toMatchObject({ revision: 1 });
    expect(await trial.call('CalendarService/listCalendarYears', { pageSize: 50, year: 2026 })).toMatchObject({
      items: [{ id: 'cn-2026' }],
    });
  });
});

describe('the clock', () => {
  test('is advanced by an operator, and stands everywhere when the answer comes', async () => {
    const answer = await trial.call('SimulationService/advanceClock', { to: '2026-03-03T00:00:00.000Z' }, operator);
    expect(answer).toMatchObject({ id: '2026-03', clock: '2026-03-03T00:00:00.000Z' });
    for (const { context } of trial.host.services) expect(context.clock.now()).toBe('2026-03-03T00:00:00.000Z');
  });
  test('does not go back, not by anyone, and begins once', async () => {
    expect(await trial.refusal('SimulationService/advanceClock', { to: '2026-02-01T00:00:00.000Z' }, operator)).toMatchObject({
      reason: 'clock-behind',
    });
    expect(await trial.refusal('SimulationService/advanceClock', { to: '2026-04-01T00:00:00.000Z' })).toMatchObject({
      reason: 'duty-missing',
    });
    expect(await trial.refusal('SimulationService/begin', { clock: '2026-01-01T00:00:00Z' })).toMatchObject({ reason: 'deployment-begun' });
  });
});

describe('erasure', () => {
  test('leaves no name, and leaves the entry to be changed', async () => {
    expect(await trial.refusal('ErasureService/eraseSubject', { id: 'officer.x1', reason: 'left' })).toMatchObject({
      reason: 'duty-missing',
    });
    await trial.call('ErasureService/eraseSubject', { id: 'officer.x1', reason: 'left' }, operator);
    expect(await trial.call('ErasureService/eraseSubject', { id: 'officer.x1', reason: 'again' }, operator)).toMatchObject({ revision: 0 });
    expect(await trial.call('OfficerService/getOfficer', { id: 'x1' })).toMatchObject({ name: { subject: 'officer.x1', erased: true } });
    expect(await trial.call('OfficerService/listOfficers', { pageSize: 50, q: '李四' })).toMatchObject({ items: [] });
    const change = { id: 'x1', unit: 'sz-futian', duties: [], active: false };
    expect(await trial.call('OfficerService/changeOfficer', change)).toMatchObject({ revision: 2 });
  });
});
