import { officerPrincipal, startTrial, type Trial } from '@sanwang/platform/trial';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let trial: Trial;
const admin = officerPrincipal('chief');
const west = officerPrincipal('west-admin');
const unit = { validFrom: '2024-01-01' };
const merge = {
  id: '2026-merge',
  title: '辖区调整',
  effectiveOn: '2026-04-01',
  units: [
    { code: 'west', kind: 'district', parent: 'sz', name: '西区局', areas: ['440301', '440302'] },
    { code: 'east-a', kind: 'office', parent: 'west', name: '一所', areas: ['440301001'] },
  ],
  ends: [{ unit: 'east', successor: 'west' }],
};

beforeAll(async () => {
  trial = await startTrial();
  await trial.call('SimulationService/begin', { clock: '2026-03-02T08:00:00+08:00' });
  const city = { code: 'sz', kind: 'city', name: '市局', areas: ['4403'], timeZone: 'Asia/Shanghai', calendar: 'cn', ...unit };
  await trial.call('UnitService/registerUnit', city);
  await trial.call('UnitService/registerUnit', {
    code: 'east',
    kind: 'district',
    parent: 'sz',
    name: '东区局',
    areas: ['440301'],
    ...unit,
  });
  await trial.call('UnitService/registerUnit', {
    code: 'west',
    kind: 'district',
    parent: 'sz',
    name: '西区局',
    areas: ['440302'],
    ...unit,
  });
  await trial.call('UnitService/registerUnit', { ...merge.units[1], parent: 'east', ...unit });
  const officer = { name: '张三', duties: ['directory-admin'], active: true };
  await trial.call('OfficerService/registerOfficer', { id: 'chief', unit: 'sz', ...officer });
  await trial.call('OfficerService/registerOfficer', { id: 'west-admin', unit: 'west', ...officer });
  await trial.call('OfficerService/registerOfficer', { id: 'operator', unit: 'sz', ...officer, duties: ['operator'] });
  await trial.call('OfficerService/registerOfficer', { id: 'clerk', unit: 'east', ...officer, duties: ['inspector'] });
});
afterAll(() => trial.stop());

const codes = async (request: object = {}): Promise<string[]> =>
  ((await trial.call('UnitService/listUnits', { pageSize: 50, ...request }, admin))['items'] as { code: string }[]).map(({ code }) => code);
const advance = (to: string) => trial.call('SimulationService/advanceClock', { to }, officerPrincipal('operator'));
const areaOfWest = async () => (await trial.call('UnitService/getUnit', { code: 'west' }, admin))['areas'];

describe('a reorganisation', () => {
  test("is the city's business", async () => {
    expect(await trial.refusal('ReorganisationService/announceReorganisation', merge, west)).toMatchObject({ code: 'not-found' });
  });

  test('is announced ahead and changes nothing before its date', async () => {
    expect(await trial.call('ReorganisationService/announceReorganisation', merge, admin)).toMatchObject({ id: '2026-merge', revision: 0 });
    expect(await trial.call('ReorganisationService/getReorganisation', { id: '2026-merge' }, admin)).toMatchObject({
      status: 'announced',
      effectiveAt: '2026-03-31T16:00:00.000Z',
    });
    expect(await trial.refusal('ReorganisationService/announceReorganisation', { ...merge, id: 'other' }, admin)).toMatchObject({
      reason: 'reorganisation-pending',
    });
    await advance('2026-03-31T15:59:59.999Z');
    expect(await codes()).toEqual(['east', 'east-a', 'sz', 'west']);
    expect(await areaOfWest()).toEqual(['440302']);
  });

  test('may be withdrawn until then, and announced again under another id', async () => {
    await trial.call('ReorganisationService/withdrawReorganisation', { id: '2026-merge', reason: 'a fault' }, admin);
    expect(await trial.call('ReorganisationService/announceReorganisation', { ...merge, id: '2026-merge-b' }, admin)).toMatchObject({
      revision: 0,
    });
  });

  test('is in force from the first instant of its date', async () => {
    await advance('2026-03-31T16:00:00.000Z');
    expect(await codes()).toEqual(['east-a', 'sz', 'west']);
    expect(await codes({ parent: 'west' })).toEqual(['east-a']);
    expect(await areaOfWest()).toEqual(['440301', '440302']);
    expect(await trial.refusal('UnitService/getUnit', { code: 'east' }, admin)).toMatchObject({ code: 'not-found' });
    const { items } = await trial.call('ReorganisationService/listReorganisations', { pageSize: 50 }, admin);
    expect((items as { id: string; status: string }[]).map(({ id, status }) => `${id} ${status}`)).toEqual([
      '2026-merge withdrawn',
      '2026-merge-b in-force',
    ]);
  });

  test('gives the officers and the work of an ended unit to its successor', async () => {
    const officers = (await trial.call('OfficerService/listOfficers', { pageSize: 50 }, west))['items'] as { id: string }[];
    expect(officers.map(({ id }) => id)).toContain('clerk');
    const { directory } = trial.host.services[0]!.context;
    expect(directory.workOf('west')).toEqual(['west', 'east']);
    expect(directory.subtree('east')).toEqual(directory.subtree('west'));
  });

  test('is what a later change of the unit goes on from', async () => {
    const changed = { code: 'west', parent: 'sz', name: '西区监管局', areas: ['440301', '440302'], validFrom: '2026-05-01' };
    expect(await trial.call('UnitService/changeUnit', changed, admin)).toMatchObject({ revision: 1 });
    expect(await trial.call('UnitService/getUnit', { code: 'west' }, admin)).toMatchObject({ name: '西区局', revision: 1 });
    await advance('2026-05-01T00:00:00.000Z');
    expect(await trial.call('UnitService/getUnit', { code: 'west' }, admin)).toMatchObject({ name: '西区监管局', validFrom: '2026-05-01' });
  });
});
