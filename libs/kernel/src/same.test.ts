import { describe, expect, test } from 'vitest';
import { sameData } from './same.ts';

describe('the same data', () => {
  test('is the same whatever the order of fields, and whether a field is absent or undefined', () =>
    expect(sameData({ a: 1, b: [{ c: 'x' }] }, { b: [{ c: 'x', d: undefined }], a: 1 })).toBe(true));
  test('is not the same in another order of a list, or with null', () => {
    expect(sameData([1, 2], [2, 1])).toBe(false);
    expect(sameData({ a: null }, {})).toBe(false);
    expect(sameData(undefined, [])).toBe(false);
  });
});
