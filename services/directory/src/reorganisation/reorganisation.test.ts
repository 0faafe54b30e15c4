import { specify } from '@sanwang/testing';
import { describe, test } from 'vitest';
import type { UnitData } from '../shared/unit.ts';
import { reorganisation, type ReorganisationCommand } from './decider.ts';
import type { ReorganisationData, ReorganisationEvent } from './events.ts';

const unit = (code: string, kind: UnitData['kind'], parent: string | undefined, ...areas: string[]): UnitData => ({
  code,
  kind,
  ...(parent && { parent }),
  name: code,
  areas,
  validFrom: '2020-01-01',
});
const now: readonly UnitData[] = [
  { ...unit('sz', 'city', undefined, '4403'), timeZone: 'Asia/Shanghai', calendar: 'cn' },
  unit('east', 'district', 'sz', '440301'),
  unit('west', 'district', 'sz', '440302', '440303'),
  unit('east-a', 'office', 'east', '440301001'),
  unit('east-b', 'office', 'east', '440301002'),
];
const effective = { effectiveOn: '2027-01-01', effectiveAt: '2026-12-31T16:00:00.000Z' };
const change = (units: readonly UnitData[], ends: ReorganisationData['ends'] = []): ReorganisationData => ({
  title: '辖区调整',
  ...effective,
  units: [...units],
  ends,
});
/** East ends; west takes its area, and its offices. */
const merged = change(
  [unit('west', 'district', 'sz', '440301', '440302', '440303'), { ...now[3]!, parent: 'west' }, { ...now[4]!, parent: 'west' }],
  [{ unit: 'east', successor: 'west' }],
);
const announce = (data: ReorganisationData, more: Partial<Extract<ReorganisationCommand, { type: 'announce' }>> = {}) => ({
  type: 'announce' as const,
  id: '2027',
  reorganisation: data,
  today: '2026-11-24',
  units: now,
  ...more,
});
const announced: ReorganisationEvent = { type: 'ReorganisationAnnounced', data: merged };
const tookEffect: ReorganisationEvent = { type: 'ReorganisationTookEffect', data: merged };
const withdrawn: ReorganisationEvent = { type: 'ReorganisationWithdrawn', data: { effectiveOn: '2027-01-01', reason: 'postponed' } };
const { given } = specify(reorganisation);

describe('announcing a reorganisation', () => {
  test('records the whole of it', () => given().when(announce(merged)).then(announced));
  test('stays quiet when it is announced again', () => given(announced).when(announce(merged)).staysQuiet());
  test('refuses other content under the same id', () =>
    given(announced)
      .when(announce({ ...merged, title: 'x' }))
      .refuses('already-exists', 'reorganisation-exists'));
  test('refuses a date that is not ahead', () =>
    given()
      .when(announce(merged, { today: '2027-01-01' }))
      .refuses('invalid-argument', 'reorganisation-date', 'effectiveOn'));
  test('refuses a second one while another is still to come', () =>
    given()
      .when(announce(merged, { pending: '2026-b' }))
      .refuses('failed-precondition', 'reorganisation-pending'));
  test('founds a unit, and divides an area that some unit names', () => {
    const split = change([
      unit('east', 'district', 'sz', '440301001'),
      unit('new', 'district', 'sz', '440301002'),
      { ...now[4]!, parent: 'new' },
    ]);
    given().when(announce(split)).then({ type: 'ReorganisationAnnounced', data: split });
  });
  test.each<[string, ReorganisationData, string, string]>([
    ['nothing', change([]), 'reorganisation-units', 'units'],
    ['an area in two districts', change([unit('west', 'district', 'sz', '440301001', '440302', '440303')]), 'district-overlap', 'units'],
    ['an area that loses its district', change([unit('west', 'district', 'sz', '440302')]), 'area-without-owner', 'units'],
    ['areas outside those of the unit above', change([unit('west', 'district', 'sz', '440302', '4404')]), 'unit-areas', 'units.0'],
    ['an office left below a unit that ends', change([merged.units[0]!], merged.ends), 'unit-parent', 'units'],
    ['a unit under one of the wrong kind', change([unit('west', 'district', 'east', '440302', '440303')]), 'unit-parent', 'units.0'],
    ['a unit of another kind', change([unit('west', 'office', 'sz', '440302', '440303')]), 'unit-kind', 'units.0.kind'],
    ['a second city', change([unit('gz', 'city', undefined, '4401')]), 'city-unit-exists', 'units.0.kind'],
    ['the end of a unit that is not', change([], [{ unit: 'north', successor: 'west' }]), 'reorganisation-ends', 'ends.0.unit'],
    ['the end of the city', change([], [{ unit: 'sz', successor: 'west' }]), 'reorganisation-ends', 'ends.0.unit'],
    [
      'a successor that ends too',
      change(merged.units.slice(0, 1), [
        { unit: 'east-a', successor: 'east-b' },
        { unit: 'east-b', successor: 'west' },
      ]),
      'reorganisation-successor',
      'ends.0.successor',
    ],
  ])('refuses %s', (_, data, reason, field) => given().when(announce(data)).refuses('invalid-argument', reason, field));
});

describe('withdrawing a reorganisation', () => {
  const withdraw = { type: 'withdraw' as const, id: '2027', at: '2026-12-01T00:00:00.000Z', reason: 'postponed' };
  test('records it', () => given(announced).when(withdraw).then(withdrawn));
  test('stays quiet the second time', () => given(announced, withdrawn).when(withdraw).staysQuiet());
  test('is refused from the effective date on, also before the timer has fired', () => {
    given(announced)
      .when({ ...withdraw, at: effective.effectiveAt })
      .refuses('failed-precondition', 'reorganisation-in-force');
    given(announced, tookEffect).when(withdraw).refuses('failed-precondition', 'reorganisation-in-force');
  });
  test('is refused where nothing was announced', () => given().when(withdraw).refuses('not-found', 'reorganisation-not-found'));
});

describe('the effective date', () => {
  const due = { type: 'take-effect' as const, due: effective.effectiveAt };
  test('puts it in force', () => given(announced).when(due).then(tookEffect));
  test('finds nothing to do twice, or after a withdrawal', () => {
    given(announced, tookEffect).when(due).staysQuiet();
    given(announced, withdrawn).when(due).staysQuiet();
  });
});
