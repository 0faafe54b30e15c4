import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical.ts';

describe('canonical JSON', () => {
  test('is the same whatever the order of fields, and whether a field is absent or undefined', () =>
    expect(canonicalJson({ b: [{ d: undefined, c: 'x' }], a: 1 })).toBe('{"a":1,"b":[{"c":"x"}]}'));
  test('keeps the order of lists, null, and dates as texts', () => {
    expect(canonicalJson([2, undefined, null, 1])).toBe('[2,null,null,1]');
    expect(canonicalJson({ at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });
});
