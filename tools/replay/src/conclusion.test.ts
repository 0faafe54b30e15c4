import { describe, expect, it } from 'vitest';
import { inspectionForm, roundForm, severityOf } from './checklist.ts';
import { conclude } from './conclusion.ts';

describe('the result that follows from the items', () => {
  it.each([
    ['nothing', [], [], 'pass'],
    ['minor items', [33, 34, 70], [], 'pass'],
    ['a serious item', [18, 33], [], 'fail'],
    ['a critical item', [3], [], 'fail'],
    ['a serious item corrected on the spot', [18, 33], [18], 'pass-with-conditions'],
    ['a critical item corrected, a serious one not', [3, 18], [3], 'fail'],
  ] as const)('%s', (_, violated, onSpot, result) => {
    expect(conclude(inspectionForm.rule, violated, onSpot)).toBe(result);
  });
});

describe('the form', () => {
  it('has items 1 to 44 and 70', () => {
    expect(inspectionForm.items.map((item) => item.number)).toEqual([...Array.from({ length: 44 }, (_, n) => String(n + 1)), '70']);
    expect(new Set(inspectionForm.items.map((item) => item.text)).size).toBe(45);
  });

  it('is critical up to 14, serious up to 29, minor beyond', () => {
    expect([1, 14, 15, 29, 30, 44, 70].map(severityOf)).toEqual(['critical', 'critical', 'serious', 'serious', 'minor', 'minor', 'minor']);
    expect([0, 45, 69, 71, 1.5, Number.NaN].map(severityOf)).toEqual(Array(6).fill(undefined));
  });

  it('has a shorter one for rounds', () => {
    expect(roundForm.items.map((item) => item.number)).toEqual(['16', '19', '20', '28', '34', '41']);
  });
});
