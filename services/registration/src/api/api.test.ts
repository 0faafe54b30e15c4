import type { Principal } from '@sanwang/identity';
import type { Rejection } from '@sanwang/kernel';
import { officerPrincipal, startTrial, type Trial } from '@sanwang/platform/trial';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let trial: Trial;
const registrar = officerPrincipal('futian-registrar');
const inspector = officerPrincipal('futian-inspector');
const city = officerPrincipal('sz-registrar');

beforeAll(async () => {
  trial = await startTrial();
  const unit = { validFrom: '2024-01-01', name: 'x' };
  await trial.call('UnitService/registerUnit', {
    ...unit,
    code: 'sz',
    kind: 'city',
    areas: ['4403'],
    timeZone: 'Asia/Shanghai',
    calendar: 'cn',
  });
  for (const [code, area] of [['futian', '440304'] as const, ['nanshan', '440305'] as const]) {
    await trial.call('UnitService/registerUnit', { ...unit, code, kind: 'district', parent: 'sz', areas: [area] });
  }
  for (const [id, duty, code] of [
    ['futian-registrar', 'registrar', 'futian'] as const,
    ['futian-inspector', 'inspector', 'futian'] as const,
    ['sz-registrar', 'registrar', 'sz'] as const,
    ['sz-operator', 'operator', 'sz'] as const,
  ]) {
    await trial.call('OfficerService/registerOfficer', { id, name: '张三', unit: code, duties: [duty] });
  }
});
afterAll(() => trial.stop());

const id = 'uscc.91350100M000100Y43';
const business = {
  number: { kind: 'uscc', value: '91350100M000100Y43' },
  name: '香蜜湖面馆',
  businessType: 'restaurant',
  address: '深圳市福田区香蜜湖路 1 号',
  area: '440304006',
  licences: [{ number: 'JY14403030012013', kind: 'food-business', validTo: '2028-12-31' }],
  riskGrade: 'B',
  contact: '李四',
};
const wrong = { ...business, number: { kind: 'uscc', value: '91350211M0000XUF46' }, name: '别的面馆' };
const names = async (request: object, as = city): Promise<unknown> =>
  ((await trial.call('BusinessService/listBusinesses', request, as))['items'] as { name: string }[]).map(({ name }) => name);

describe('registering', () => {
  test('answers id, revision, token and status, and again the same for the same content', async () => {
    const first = await trial.call('BusinessService/registerBusiness', business, registrar);
    expect(first).toMatchObject({ id, revision: 0, status: 'active', readToken: expect.any(String) });
    expect(await trial.call('BusinessService/registerBusiness', business, registrar)).toMatchObject({ id, revision: 0 });
  });
  test('refuses a wrong check digit, unless a registrar overrides it with a reason', async () => {
    expect(await trial.refusal('BusinessService/registerBusiness', wrong, registrar)).toEqual({
      code: 'invalid-argument',
      reason: 'uscc-check-digit',
      fields: ['number.value'],
    });
    const overridden = { ...wrong, overrideReason: 'as on the paper licence' };
    expect(await trial.refusal('BusinessService/registerBusiness', overridden, inspector)).toMatchObject({ reason: 'duty-missing' });
    expect(await trial.call('BusinessService/registerBusiness', overridden, registrar)).toMatchObject({ expectedCheckDigit: 'R' });
  });
  test('takes a wrong check digit from an import by the city, with a warning', async () => {
    const imported = { ...wrong, number: { kind: 'uscc', value: '91350211M0000XUF47' }, name: '第三面馆', source: 'import' };
    expect(await trial.refusal('BusinessService/registerBusiness', imported, inspector)).toMatchObject({ reason: 'duty-missing' });
    expect(await trial.refusal('BusinessService/registerBusiness', imported, registrar)).toMatchObject({ code: 'not-found' });
    const local = { ...imported, number: { kind: 'local', value: '1', authority: 'sz' } };
    expect(await trial.refusal('BusinessService/registerBusiness', local, registrar)).toMatchObject({ code: 'not-found' });
    expect(await trial.call('BusinessService/registerBusiness', imported, city)).toMatchObject({ expectedCheckDigit: 'R' });
  });
  test('refuses an area without a unit', async () => {
    const nowhere = { ...business, number: { kind: 'local', value: 'nowhere', authority: 'sz' } };
    for (const area of ['990101', '44'])
      expect(await trial.refusal('BusinessService/registerBusiness', { ...nowhere, area }, city)).toEqual({
        code: 'invalid-argument',
        reason: 'area-unknown',
        fields: ['area'],
      });
  });
  test('refuses a business outside the jurisdiction, and one registered with other content', async () => {
    expect(await trial.refusal('BusinessService/registerBusiness', { ...business, area: '440305001' }, registrar)).toMatchObject({
      code: 'not-found',
    });
    expect(await trial.refusal('BusinessService/registerBusiness', { ...business, name: 'x' }, registrar)).toMatchObject({
      reason: 'business-exists',
    });
  });
});

describe('the register', () => {
  test('shows a business with the persons in clear', async () =>
    expect(await trial.call('BusinessService/getBusiness', { id }, inspector)).toMatchObject({
      name: '香蜜湖面馆',
      contact: { subject: expect.stringMatching(/^contact\.uscc\.91350100M000100Y43\.[0-9a-f]{12}$/), value: '李四' },
      status: 'active',
      revision: 0,
    }));
  test('is searched by parts of names, addresses and numbers', async () => {
    expect(await names({ q: '面馆' })).toHaveLength(3);
    expect(await names({ q: '香' })).toContain('香蜜湖面馆');
    expect(await names({ q: '91350100M000100Y43' })).toEqual(['香蜜湖面馆']);
    expect(await names({ q: 'JY14403030012013', riskGrade: 'B' })).toHaveLength(3);
  });
  test('is filtered, sorted and paged', async () => {
    expect(await names({ area: '440305' })).toEqual([]);
    expect(await names({ licenceNumber: 'JY14403030012013', orderBy: '-name' })).toHaveLength(3);
    const first = await trial.call('BusinessService/listBusinesses', { pageSize: 2, orderBy: 'registeredAt' }, city);
    const second = { pageSize: 2, orderBy: 'registeredAt', pageToken: first['nextPageToken'] };
    expect(await names(second)).toHaveLength(1);
  });
});

describe('changing', () => {
  test('corrects, moves, grades, closes; then no more', async () => {
    expect(await trial.call('BusinessService/correctBusiness', { id, name: '香蜜湖面庄' }, registrar)).toMatchObject({ revision: 1 });
    expect(await trial.call('BusinessService/changeRiskGrade', { id, riskGrade: 'C', reason: 'failed sampling' }, registrar)).toMatchObject(
      {
        revision: 2,
      },
    );
    const move = { id, address: '南山区 2 号', area: '440305001' };
    expect(await trial.refusal('BusinessService/moveBusiness', move, registrar)).toMatchObject({ code: 'not-found' });
    expect(await trial.refusal('BusinessService/moveBusiness', { ...move, area: '990101' }, city)).toEqual({
      code: 'invalid-argument',
      reason: 'area-unknown',
      fields: ['area'],
    });
    expect(await trial.refusal('BusinessService/moveBusiness', { ...move, area: '44' }, city)).toMatchObject({ reason: 'area-unknown' });
    expect(await trial.call('BusinessService/moveBusiness', move, city)).toMatchObject({ revision: 3 });
    expect(await trial.refusal('BusinessService/getBusiness', { id }, registrar)).toMatchObject({ code: 'not-found' });
    expect(await trial.refusal('BusinessService/correctBusiness', { id, name: 'x' }, registrar)).toMatchObject({ code: 'not-found' });
    expect(await trial.refusal('BusinessService/closeBusiness', { id, reason: 'ceased', closedOn: '2999-01-01' }, city)).toMatchObject({
      fields: ['closedOn'],
    });
    expect(await trial.call('BusinessService/closeBusiness', { id, reason: 'ceased', closedOn: '2026-01-01' }, city)).toMatchObject({
      status: 'closed',
    });
    expect(await trial.refusal('BusinessService/moveBusiness', { id, address: 'x', area: '440304001' }, city)).toMatchObject({
      reason: 'business-closed',
    });
    expect(await trial.call('BusinessService/getBusiness', { id }, city)).toMatchObject({
      name: '香蜜湖面庄',
      area: '440305001',
      riskGrade: 'C',
      status: 'closed',
      closedOn: '2026-01-01',
      revision: 4,
    });
  });
  test('voids a wrong number with a link to the record in its place', async () => {
    const request = { id: 'uscc.91350211M0000XUF47', replacedBy: 'uscc.911101066976941872', reason: 'mistyped' };
    expect(await trial.refusal('BusinessService/voidBusiness', request, registrar)).toMatchObject({ fields: ['replacedBy'] });
    const replacedBy = 'uscc.91350211M0000XUF46';
    expect(await trial.call('BusinessService/voidBusiness', { ...request, replacedBy }, registrar)).toMatchObject({ status: 'voided' });
    expect(await names({ status: 'voided' })).toEqual(['第三面馆']);
  });
  test('tells a registrar nothing of records outside that might take the place of a voided one', async () => {
    const local = (value: string, area: string) => ({ ...business, number: { kind: 'local', value, authority: 'sz' }, area });
    for (const [value, area] of [['here', '440304001'] as const, ['there', '440305001'] as const, ['void', '440305001'] as const])
      await trial.call('BusinessService/registerBusiness', local(value, area), city);
    const voiding = (as: Principal, replacedBy: string, of = 'local.sz.here') =>
      trial.call('BusinessService/voidBusiness', { id: of, replacedBy, reason: 'twice' }, as).then(
        () => 'voided',
        (error: Rejection) => error.violations.map(({ expected }) => expected.replaceAll(replacedBy, 'X')).join(),
      );
    expect(await voiding(city, 'local.sz.there', 'local.sz.void')).toBe('voided');
    const none = await voiding(registrar, 'local.sz.none');
    expect(none).toMatch(/there is no X/);
    expect(await voiding(registrar, 'local.sz.there')).toBe(none);
    expect(await voiding(registrar, 'local.sz.void')).toBe(none);
    expect(await voiding(city, 'local.sz.void')).toMatch(/X is voided itself/);
    expect(await voiding(city, 'local.sz.there')).toBe('voided');
  });
  test('heeds the revision that the caller saw', async () =>
    expect(
      await trial.refusal('BusinessService/correctBusiness', { id: 'uscc.91350211M0000XUF46', name: 'x' }, registrar, {
        expectedRevision: 7,
      }),
    ).toMatchObject({ code: 'conflict', reason: 'stale-revision' }));
});

describe('the persons of a business', () => {
  const person = { ...business, number: { kind: 'local', value: 'persons', authority: 'sz' }, contact: 'Anna' };
  const personsOf = 'local.sz.persons';
  const contact = async (): Promise<{ subject: string; value?: string; erased?: true }> =>
    (await trial.call('BusinessService/getBusiness', { id: personsOf }, registrar))['contact'] as never;
  const correct = (value: string, idempotencyKey: string) =>
    trial.call('BusinessService/correctBusiness', { id: personsOf, contact: value }, registrar, { idempotencyKey });
  test('have a subject each: erasing one leaves the next to be stored, and a repeat answers the same', async () => {
    await trial.call('BusinessService/registerBusiness', person, registrar);
    const anna = await contact();
    await trial.call('ErasureService/eraseSubject', { id: anna.subject, reason: 'asked for' }, officerPrincipal('sz-operator'));
    expect(await contact()).toEqual({ subject: anna.subject, erased: true });
    expect(await correct('Ben', 'ben')).toMatchObject({ revision: 1 });
    const ben = await contact();
    expect(ben).toEqual({ subject: expect.not.stringContaining(anna.subject), value: 'Ben' });
    expect(await correct('Cleo', 'cleo')).toMatchObject({ revision: 2 });
    expect(await correct('Ben', 'ben')).toMatchObject({ revision: 1 });
    expect(await contact()).toMatchObject({ value: 'Cleo' });
    expect((await contact()).subject).not.toBe(ben.subject);
  });
});

test.each([
  ['an unknown field', { ...business, colour: 'red' }],
  ['a type that is no slug', { ...business, businessType: 'Noodle Bar' }],
  ['an area that is not digits', { ...business, area: 'Futian' }],
  ['coordinates off the globe', { ...business, coordinates: { latitude: 91, longitude: 0 } }],
  ['a day that does not exist', { ...business, licences: [{ number: '1', kind: 'x', validTo: '2026-02-30' }] }],
])('refuses %s', async (_name, request) =>
  expect(await trial.refusal('BusinessService/registerBusiness', request, registrar)).toMatchObject({ code: 'invalid-argument' }),
);
