import { Rejection } from '@sanwang/kernel';
import { describe, expect, test } from 'vitest';
import { businessIdOf } from './number.ts';

describe('the id of a business', () => {
  test('is its unified social credit code', () =>
    expect(businessIdOf({ kind: 'uscc', value: '91350100M000100Y43' })).toBe('uscc.91350100M000100Y43'));
  test('is its local number with the authority', () =>
    expect(businessIdOf({ kind: 'local', value: '82474', authority: 'chicago' })).toBe('local.chicago.82474'));
  test.each([
    ['a code of another length', { kind: 'uscc', value: '91350100M000100Y4' }],
    ['a code in small letters', { kind: 'uscc', value: '91350100m000100y43' }],
    ['a code with an authority', { kind: 'uscc', value: '91350100M000100Y43', authority: 'sz' }],
    ['a local number without authority', { kind: 'local', value: '82474' }],
    ['an authority with a dot', { kind: 'local', value: '82474', authority: 'chi.cago' }],
    ['a local number with a dot', { kind: 'local', value: '82.474', authority: 'chicago' }],
  ] as const)('refuses %s', (_name, number) => {
    const refused = (() => {
      try {
        return businessIdOf(number);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(Rejection);
    expect((refused as Rejection).reason).toBe('number-form');
  });
});
