import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conclude, defaultRule, type Violation } from './conclusion.ts';
import { metresBetween } from './site.ts';

const violation = fc.record({
  severity: fc.constantFrom('critical' as const, 'serious' as const, 'minor' as const),
  correctedOnSpot: fc.boolean(),
});
const rank = { pass: 0, 'pass-with-conditions': 1, fail: 2 };

describe('the result that follows from the items', () => {
  test.each<[string, Violation[], keyof typeof rank]>([
    ['nothing', [], 'pass'],
    ['minor items only', [{ severity: 'minor' }, { severity: 'minor' }], 'pass'],
    ['a key item left', [{ severity: 'critical' }], 'fail'],
    ['a serious item left', [{ severity: 'serious' }], 'fail'],
    ['a key item corrected on the spot', [{ severity: 'critical', correctedOnSpot: true }], 'pass-with-conditions'],
    ['one corrected, one left', [{ severity: 'critical', correctedOnSpot: true }, { severity: 'serious' }], 'fail'],
  ])('%s', (_what, violations, result) => expect(conclude(defaultRule, violations)).toBe(result));

  test('counts by the thresholds of the checklist', () => {
    const rule = { fail: { critical: 1, minor: 9 }, conditions: { minor: 3 } };
    const minor = (count: number): Violation[] => Array.from({ length: count }, () => ({ severity: 'minor' as const }));
    expect([2, 3, 8, 9].map((count) => conclude(rule, minor(count)))).toEqual([
      'pass',
      'pass-with-conditions',
      'pass-with-conditions',
      'fail',
    ]);
  });

  test('never gets better by one more violated item, nor worse by correcting one', () => {
    fc.assert(
      fc.property(fc.array(violation, { maxLength: 12 }), violation, (some, more) => {
        const before = rank[conclude(defaultRule, some)];
        const left = rank[conclude(defaultRule, [...some, { ...more, correctedOnSpot: false }])];
        const corrected = rank[conclude(defaultRule, [...some, { ...more, correctedOnSpot: true }])];
        expect(left).toBeGreaterThanOrEqual(corrected);
        expect(corrected).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});

test('distances are symmetric, and right within a metre', () => {
  const shenzhen = { latitude: 22.5431, longitude: 114.0579 };
  const guangzhou = { latitude: 23.1291, longitude: 113.2644 };
  expect(metresBetween(shenzhen, shenzhen)).toBe(0);
  expect(metresBetween(shenzhen, guangzhou)).toBe(metresBetween(guangzhou, shenzhen));
  expect(Math.abs(metresBetween(shenzhen, guangzhou) - 104_324)).toBeLessThan(500);
  expect(metresBetween({ latitude: 0, longitude: 179.9995 }, { latitude: 0, longitude: -179.9995 })).toBe(111);
});
