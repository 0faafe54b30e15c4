import type { UnitKind as DirectoryKind } from '@sanwang/identity';
import { specify } from '@sanwang/testing';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { parentKinds, unitKinds, type UnitData, type UnitKind } from '../shared/unit.ts';
import { unit } from './decider.ts';
import type { UnitEvent } from './events.ts';

const city: UnitData = {
  code: 'sz',
  kind: 'city',
  name: '深圳市市场监督管理局',
  areas: ['4403'],
  validFrom: '2019-01-10',
  timeZone: 'Asia/Shanghai',
  calendar: 'china',
};
const district: UnitData = {
  code: 'sz-futian',
  kind: 'district',
  parent: 'sz',
  name: '福田监管局',
  areas: ['440304'],
  validFrom: '2019-01-10',
};
const facts = { parent: { kind: 'city', areas: ['4403'] } } as const;
const registered: UnitEvent = { type: 'UnitRegistered', data: district };
const { given } = specify(unit);
const register = (changes: Partial<UnitData>, base: UnitData = district) => ({
  type: 'register' as const,
  unit: { ...base, ...changes },
  facts,
});

describe('registering a unit', () => {
  test('records it', () => given().when(register({})).then(registered));
  test('records the city unit with its time zone and calendar', () =>
    given().when({ type: 'register', unit: city, facts: {} }).then({ type: 'UnitRegistered', data: city }));
  test('stays quiet when the same content is imported again', () => given(registered).when(register({})).staysQuiet());
  test('refuses other content under the same code', () =>
    given(registered)
      .when(register({ name: '福田局' }))
      .refuses('already-exists', 'unit-exists'));
  test.each<[string, Partial<UnitData>, string, string]>([
    ['an area that is not digits', { areas: ['440304', 'Futian'] }, 'unit-areas', 'areas.1'],
    ['an area outside those of the unit above', { areas: ['440304', '441521'] }, 'unit-areas', 'areas.1'],
    ['a unit below the city without parent', { parent: undefined }, 'unit-parent', 'parent'],
    ['a time zone below the city', { timeZone: 'Asia/Shanghai' }, 'unit-time-zone', 'timeZone'],
    ['a calendar below the city', { calendar: 'china' }, 'unit-calendar', 'calendar'],
  ])('refuses %s', (_name, changes, reason, field) => given().when(register(changes)).refuses('invalid-argument', reason, field));
  test.each<[string, Partial<UnitData>, string, string]>([
    ['a parent', { parent: 'sz-futian' }, 'unit-parent', 'parent'],
    ['no time zone', { timeZone: undefined }, 'unit-time-zone', 'timeZone'],
    ['a time zone that does not exist', { timeZone: 'Asia/Shenzhen' }, 'unit-time-zone', 'timeZone'],
    ['no calendar', { calendar: undefined }, 'unit-calendar', 'calendar'],
  ])('refuses a city unit with %s', (_name, changes, reason, field) =>
    given().when(register(changes, city)).refuses('invalid-argument', reason, field),
  );
  test('refuses a second city unit', () =>
    given()
      .when({ type: 'register', unit: city, facts: { cityUnit: 'gz' } })
      .refuses('failed-precondition', 'city-unit-exists'));
  test('refuses a parent that is not registered', () =>
    given().when({ type: 'register', unit: district, facts: {} }).refuses('invalid-argument', 'unit-parent', 'parent'));
  test('refuses a parent of a kind that stands below', () =>
    given()
      .when({ type: 'register', unit: district, facts: { parent: { kind: 'office', areas: ['4403'] } } })
      .refuses('invalid-argument', 'unit-parent-kind', 'parent'));
});

describe('changing a unit', () => {
  const { kind: _kind, ...content } = district;
  const change = (changes: Partial<UnitData>) => ({ type: 'change' as const, unit: { ...content, ...changes }, facts });
  test('records the whole unit, its kind kept', () =>
    given(registered)
      .when(change({ name: '福田局', validFrom: '2026-01-01' }))
      .then({ type: 'UnitChanged', data: { ...district, name: '福田局', validFrom: '2026-01-01' } }));
  test('stays quiet when nothing differs', () => given(registered).when(change({})).staysQuiet());
  test('goes on from what a reorganisation has made of it', () => {
    const reorganised = { ...district, areas: ['440304', '440305'], validFrom: '2027-01-01' };
    given(registered)
      .when({ ...change({}), facts: { ...facts, reorganised } })
      .then({ type: 'UnitChanged', data: district });
    given()
      .when({ ...change({ areas: ['440305'] }), facts: { ...facts, reorganised } })
      .then({ type: 'UnitChanged', data: { ...district, areas: ['440305'] } });
  });
  test('refuses a unit that does not exist', () => given().when(change({})).refuses('not-found', 'unit-not-found'));
  test('refuses what registering refuses', () =>
    given(registered)
      .when(change({ areas: ['x'] }))
      .refuses('invalid-argument', 'unit-areas'));
});

describe('the order of kinds', () => {
  test('is that of the directory copy', () => expectTypeOf<UnitKind>().toEqualTypeOf<DirectoryKind>());
  test('lets no kind stand above itself, at any distance', () => {
    const above = (kind: UnitKind, seen: readonly UnitKind[]): readonly UnitKind[] =>
      parentKinds[kind].flatMap((parent) => (seen.includes(parent) ? [parent] : [parent, ...above(parent, [...seen, parent])]));
    for (const kind of unitKinds) expect(above(kind, [])).not.toContain(kind);
  });
});
