import { duties } from '@sanwang/identity';
import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { officer } from './decider.ts';
import { dutyNames, type OfficerData, type OfficerEvent } from './events.ts';

const subject = 'officer.sz-0017';
const certificate = { number: '粤B-0017', validFrom: '2024-01-01', validTo: '2028-12-31' };
const entry = { officerId: 'sz-0017', unit: 'sz-futian', duties: ['inspector'] as const, certificate, active: true };
const data: OfficerData = { ...entry, duties: ['inspector'], name: { subject, value: '张三' }, phone: { subject, value: '13800000000' } };
const registered: OfficerEvent = { type: 'OfficerRegistered', data };
const register = { type: 'register', officer: { ...entry, name: '张三', phone: '13800000000' }, unitExists: true } as const;
const { given } = specify(officer);

describe('registering an officer', () => {
  test('records name and phone under the subject of the officer', () => given().when(register).then(registered));
  test('names each duty once, in order', () =>
    given()
      .when({ ...register, officer: { ...register.officer, duties: ['registrar', 'inspector', 'registrar'] } })
      .then({ type: 'OfficerRegistered', data: { ...data, duties: ['inspector', 'registrar'] } }));
  test('stays quiet when the same content is imported again', () => given(registered).when(register).staysQuiet());
  test('refuses other content under the same id', () =>
    given(registered)
      .when({ ...register, officer: { ...register.officer, name: '李四' } })
      .refuses('already-exists', 'officer-exists'));
  test('refuses a unit that is not registered', () =>
    given()
      .when({ ...register, unitExists: false })
      .refuses('invalid-argument', 'officer-unit', 'unit'));
  test.each(['admin', 'bootstrap', 'timer'])('refuses the id %s, under which others act', (officerId) =>
    given()
      .when({ ...register, officer: { ...register.officer, officerId } })
      .refuses('invalid-argument', 'officer-id', 'id'),
  );
  test('refuses a certificate that ends before it begins', () =>
    given()
      .when({ ...register, officer: { ...register.officer, certificate: { ...certificate, validTo: '2023-12-31' } } })
      .refuses('invalid-argument', 'certificate-validity', 'certificate.validTo'));
});

describe('changing an officer', () => {
  const change = (changes: object) => ({ type: 'change' as const, officer: { ...entry, ...changes }, unitExists: true });
  test('keeps name and phone that are not given', () =>
    given(registered)
      .when(change({ active: false }))
      .then({ type: 'OfficerChanged', data: { ...data, active: false } }));
  test('removes a phone that is given empty', () => {
    const { phone: _phone, ...rest } = data;
    given(registered)
      .when(change({ phone: '' }))
      .then({ type: 'OfficerChanged', data: rest });
  });
  test('keeps the mark of an erased name', () => {
    const erased: OfficerData = { ...data, name: { subject, erased: true }, phone: { subject, erased: true } };
    given({ type: 'OfficerRegistered', data: erased })
      .when(change({ active: false }))
      .then({ type: 'OfficerChanged', data: { ...erased, active: false } });
  });
  test('stays quiet when nothing differs', () =>
    given(registered)
      .when(change({ name: '张三' }))
      .staysQuiet());
  test('refuses an empty name', () =>
    given(registered)
      .when(change({ name: '' }))
      .refuses('invalid-argument', 'officer-name', 'name'));
  test('refuses an officer who is not registered', () => given().when(change({})).refuses('not-found', 'officer-not-found'));
  test('refuses a unit that is not registered', () =>
    given(registered)
      .when({ ...change({ unit: 'nowhere' }), unitExists: false })
      .refuses('invalid-argument', 'officer-unit', 'unit'));
});

test('the duties are those of the policy table', () => expect([...dutyNames]).toEqual([...duties]));
