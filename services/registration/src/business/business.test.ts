import { fold } from '@sanwang/kernel';
import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { business, type BusinessCommand, type RegisterBusiness } from './decider.ts';
import type { BusinessEvent, Registered } from './events.ts';

const id = 'uscc.91350100M000100Y43';
const licence = { number: 'JY14403030012013', kind: 'food-business', validFrom: '2024-01-01', validTo: '2028-12-31' };
const facts = {
  businessId: id,
  number: { kind: 'uscc' as const, value: '91350100M000100Y43' },
  name: '香蜜湖面馆',
  businessType: 'restaurant',
  address: '深圳市福田区香蜜湖路 1 号',
  coordinates: { latitude: 22.54, longitude: 114.03 },
  area: '440304006',
  licences: [licence],
  riskGrade: 'B' as const,
  source: 'entry' as const,
};
const contact = { subject: `contact.${id}.0a1b2c3d4e5f`, value: '张三' };
const personKey = '0a1b2c3d4e5f';
const register: RegisterBusiness = { type: 'register', ...facts, contact: '张三', personKey };
const data: Registered = { ...facts, contact };
const registered: BusinessEvent = { type: 'BusinessRegistered', data };
const about = { businessId: id, area: facts.area };
const moved: BusinessEvent = {
  type: 'BusinessMoved',
  data: { businessId: id, address: '南山区深南大道 2 号', area: '440305001', previousArea: facts.area },
};
const closed: BusinessEvent = { type: 'BusinessClosed', data: { ...about, reason: 'ceased', closedOn: '2026-03-01' } };
const voided: BusinessEvent = { type: 'BusinessVoided', data: { ...about, replacedBy: 'uscc.91110000101623741K', reason: 'wrong number' } };
const { given } = specify(business);

describe('registering a business', () => {
  test('records it, persons under subjects of their own', () => given().when(register).then(registered));
  test('stays quiet when the same content is imported again, whatever the command', () =>
    given(registered)
      .when({ ...register, personKey: 'ffffffffffff' })
      .staysQuiet());
  test('refuses other content under the same number', () =>
    given(registered)
      .when({ ...register, name: '别的面馆' })
      .refuses('already-exists', 'business-exists'));
  test.each([
    ['active', [registered]],
    ['closed', [registered, closed]],
    ['voided', [registered, voided]],
  ])('tells nothing of the %s record that has the number', (_status, events) => {
    const state = fold(business, events);
    const refused = (): unknown => business.decide({ ...register, area: '440305001' }, state);
    expect(refused).toThrow(expect.objectContaining({ reason: 'business-exists', facts: {} }));
    expect(refused).toThrow(`Business ${id} is registered with other content; use :correct or :move.`);
  });
  test('refuses a licence that ends before it begins', () =>
    given()
      .when({ ...register, licences: [{ ...licence, validTo: '2023-01-01' }] })
      .refuses('invalid-argument', 'licence-validity', 'licences.0.validTo'));
});

describe('a wrong check digit', () => {
  const wrong = { businessId: 'uscc.91350211M0000XUF46', number: { kind: 'uscc' as const, value: '91350211M0000XUF46' } };
  const { contact: _contact, ...command } = register;
  const warned = { ...facts, ...wrong, numberWarning: { checkDigit: 'R' } };
  test('is refused on entry, naming the digit expected', () => {
    given()
      .when({ ...command, ...wrong })
      .refuses('invalid-argument', 'uscc-check-digit', 'number.value');
    expect(() => business.decide({ ...command, ...wrong }, { status: 'none' })).toThrow(/R as 18th character/);
  });
  test('is taken on entry when it is overridden with a reason', () =>
    given()
      .when({ ...command, ...wrong, overrideReason: 'as on the paper licence' })
      .then({ type: 'BusinessRegistered', data: { ...warned, overrideReason: 'as on the paper licence' } }));
  test('is a warning on import', () =>
    given()
      .when({ ...command, ...wrong, source: 'import' })
      .then({ type: 'BusinessRegistered', data: { ...warned, source: 'import' } }));
  test('does not concern a right number: its override is not recorded', () =>
    given()
      .when({ ...register, overrideReason: 'to be sure' })
      .then(registered));
  test('does not concern a local number', () => {
    const local = { businessId: 'local.chicago.82474', number: { kind: 'local' as const, value: '82474', authority: 'chicago' } };
    given()
      .when({ ...command, ...local })
      .then({ type: 'BusinessRegistered', data: { ...facts, ...local } });
  });
});

describe('correcting a business', () => {
  const base = { ...about, name: facts.name, businessType: facts.businessType, licences: facts.licences };
  test('records what is whole and names what changed', () =>
    given(registered)
      .when({ type: 'correct', personKey, name: '香蜜湖面庄' })
      .then({ type: 'BusinessCorrected', data: { ...base, name: '香蜜湖面庄', changed: ['name'] } }));
  const another = { type: 'correct', personKey: 'ffffffffffff', contact: '李四' } as const;
  const replaced: BusinessEvent = {
    type: 'BusinessCorrected',
    data: { ...base, contact: { subject: `contact.${id}.ffffffffffff`, value: '李四' }, changed: ['contact'] },
  };
  test('records another person under another subject', () => given(registered).when(another).then(replaced));
  test('records another person after the one before was erased', () => {
    const erased: BusinessEvent = { type: 'BusinessRegistered', data: { ...data, contact: { subject: contact.subject, erased: true } } };
    given(erased).when(another).then(replaced);
    given(erased).when({ type: 'correct', personKey, name: facts.name }).staysQuiet();
  });
  test('keeps the subject of a person who stays', () =>
    given(registered)
      .when({ ...another, contact: '张三', name: '香蜜湖面庄' })
      .then({ type: 'BusinessCorrected', data: { ...base, name: '香蜜湖面庄', changed: ['name'] } }));
  test('removes a person given empty', () => {
    const removal: BusinessEvent = { type: 'BusinessCorrected', data: { ...base, changed: ['contact'] } };
    given(registered).when({ type: 'correct', personKey, contact: '' }).then(removal);
    given(registered, removal).when({ type: 'correct', personKey, contact: '' }).staysQuiet();
  });
  test('stays quiet when nothing differs', () =>
    given(registered).when({ type: 'correct', personKey, name: facts.name, contact: '张三', licences: facts.licences }).staysQuiet());
  test('refuses a licence that ends before it begins', () =>
    given(registered)
      .when({ type: 'correct', personKey, licences: [{ ...licence, validTo: '2023-01-01' }] })
      .refuses('invalid-argument', 'licence-validity'));
});

describe('moving a business', () => {
  const move = { type: 'move', address: '南山区深南大道 2 号', area: '440305001' } as const;
  test('records the new address with both areas, and forgets coordinates that are not given', () =>
    given(registered).when(move).then(moved));
  test('is what later events go by', () =>
    given(registered, moved)
      .when({ type: 'grade', riskGrade: 'C', reason: 'failed sampling' })
      .then({
        type: 'RiskGradeChanged',
        data: { businessId: id, area: '440305001', riskGrade: 'C', previous: 'B', reason: 'failed sampling' },
      }));
  test('stays quiet when it stands there already', () => given(registered, moved).when(move).staysQuiet());
});

describe('grading a business', () => {
  test('stays quiet when it has the grade', () => given(registered).when({ type: 'grade', riskGrade: 'B', reason: 'yearly' }).staysQuiet());
});

describe('closing a business', () => {
  const close = { type: 'close', reason: 'ceased', closedOn: '2026-03-01', today: '2026-03-01' } as const;
  test('is recorded', () => given(registered).when(close).then(closed));
  test('stays quiet the second time', () =>
    given(registered, closed)
      .when({ ...close, today: '2026-04-01' })
      .staysQuiet());
  test('refuses a day that has not come', () =>
    given(registered)
      .when({ ...close, closedOn: '2026-03-02' })
      .refuses('invalid-argument', 'closed-on', 'closedOn'));
  test('refuses another day later on', () =>
    given(registered, closed)
      .when({ ...close, closedOn: '2026-02-01' })
      .refuses('failed-precondition', 'business-closed'));
});

describe('voiding a record', () => {
  const command = { type: 'void', replacedBy: 'uscc.91110000101623741K', reason: 'wrong number', replacement: 'active' } as const;
  test('is recorded with the record in its place', () => given(registered).when(command).then(voided));
  test('is possible after closing', () => given(registered, closed).when(command).then(voided));
  test('stays quiet the second time', () => given(registered, voided).when(command).staysQuiet());
  test('refuses another replacement later on', () =>
    given(registered, voided)
      .when({ ...command, replacedBy: 'uscc.911101066976941872' })
      .refuses('failed-precondition', 'business-voided'));
  test.each([
    ['itself', { replacedBy: id }],
    ['a record that does not exist', { replacement: 'none' as const }],
    ['a record that is voided', { replacement: 'voided' as const }],
  ])('refuses %s as replacement', (_name, changes) =>
    given(registered)
      .when({ ...command, ...changes })
      .refuses('invalid-argument', 'replacement', 'replacedBy'),
  );
});

describe('what a closed, voided or unknown business refuses', () => {
  const commands: readonly BusinessCommand[] = [
    { type: 'correct', personKey, name: 'x' },
    { type: 'move', address: 'x', area: '440305001' },
    { type: 'grade', riskGrade: 'D', reason: 'x' },
    { type: 'close', reason: 'other', closedOn: '2026-01-01', today: '2026-03-01' },
  ];
  test.each(commands)('closed: $type', (command) =>
    given(registered, closed).when(command).refuses('failed-precondition', 'business-closed'),
  );
  test.each(commands)('voided: $type', (command) =>
    given(registered, voided).when(command).refuses('failed-precondition', 'business-voided'),
  );
  test.each(commands)('unknown: $type', (command) => given().when(command).refuses('not-found', 'business-not-found'));
});
