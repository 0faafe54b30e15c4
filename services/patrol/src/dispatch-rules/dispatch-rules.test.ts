import { specify } from '@sanwang/testing';
import { describe, expect, test } from 'vitest';
import { dispatchRules, firstMatch } from './decider.ts';
import type { DispatchRule } from './events.ts';

const complaints: DispatchRule = { name: 'complaints', match: { channel: 'external' }, to: { kind: 'district' } };
const rounds: DispatchRule = { name: 'rounds-42', match: { type: 'round', area: '171400042' }, to: { unit: 'contractor-1' } };
const everything: DispatchRule = { name: 'everything', match: {}, to: { kind: 'office' } };
const { given } = specify(dispatchRules);

describe('set', () => {
  test('replaces the whole list', () =>
    given({ type: 'DispatchRulesSet', data: { rules: [everything] } })
      .when({ type: 'set', rules: [complaints, rounds] })
      .then({ type: 'DispatchRulesSet', data: { rules: [complaints, rounds] } }));
  test('stays quiet when nothing changes', () =>
    given({ type: 'DispatchRulesSet', data: { rules: [complaints] } })
      .when({ type: 'set', rules: [complaints] })
      .staysQuiet());
  test('refuses two rules of one name', () =>
    given()
      .when({ type: 'set', rules: [complaints, complaints] })
      .refuses('invalid-argument', 'rule-name-taken', 'rules.1.name'));
  test('refuses a rule without a target, and one with two', () => {
    for (const to of [{}, { unit: 'ward-7', kind: 'office' as const }])
      given()
        .when({ type: 'set', rules: [{ ...rounds, to }] })
        .refuses('invalid-argument', 'rule-target', 'rules.0.to');
  });
});

describe('the first rule that matches', () => {
  const task = { area: '171400042', type: 'round', channel: 'external', checklist: 'street' };
  test('decides', () => {
    expect(firstMatch([complaints, rounds, everything], task)?.name).toBe('complaints');
    expect(firstMatch([rounds, complaints], task)?.name).toBe('rounds-42');
    expect(firstMatch([complaints, rounds, everything], { ...task, channel: 'risk', area: '17140004' })?.name).toBe('everything');
  });
  test('is none where every rule asks for something else', () =>
    expect(firstMatch([complaints, rounds], { ...task, channel: 'risk', type: 'inspection' })).toBeUndefined());
});
