import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bodyCheckDigit, usccCheckDigit, usccFault, usccPattern } from './uscc.ts';

const characters = [...'0123456789ABCDEFGHJKLMNPQRTUWXY'];
const digits = [...'0123456789'];
const text = (alphabet: readonly string[], length: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: length, maxLength: length }).map((list) => list.join(''));
/** A right code: any head, region and body, with the check digits that they call for. */
const rightCode = fc.tuple(text(characters, 2), text(digits, 6), text(characters, 8)).map(([head, region, body]) => {
  const first = head + region + body + bodyCheckDigit(body);
  return first + usccCheckDigit(first);
});

describe('the check digit of a unified social credit code', () => {
  test.each(['91350100M000100Y43', '91110000101623741K', '911101066976941872'])('is right in %s', (code) =>
    expect(usccFault(code)).toBeUndefined(),
  );
  test('is R in a code that a real company was reported with', () => expect(usccFault('91350211M0000XUF46')).toEqual({ checkDigit: 'R' }));
  test('is right in every code that is made by the rule', () =>
    fc.assert(fc.property(rightCode, (code) => usccPattern.test(code) && usccFault(code) === undefined)));
  test('shows every single wrong character', () =>
    fc.assert(
      fc.property(rightCode, fc.nat(17), fc.constantFrom(...characters), (code, at, other) => {
        fc.pre(code[at] !== other);
        return usccFault(code.slice(0, at) + other + code.slice(at + 1)) !== undefined;
      }),
    ));
  test('names characters that make the code right once they are put in', () =>
    fc.assert(
      fc.property(text(characters, 2), text(digits, 6), text(characters, 10), (head, region, rest) => {
        const code = head + region + rest;
        const { checkDigit = code[17]!, bodyCheckDigit: body = code[16]! } = usccFault(code) ?? {};
        return usccFault(code.slice(0, 16) + body + checkDigit) === undefined;
      }),
    ));
  test('shows two neighbours that changed places', () =>
    fc.assert(
      fc.property(rightCode, fc.nat(16), (code, at) => {
        fc.pre(code[at] !== code[at + 1]);
        return usccFault(code.slice(0, at) + code[at + 1]! + code[at]! + code.slice(at + 2)) !== undefined;
      }),
    ));
});

describe("the check digit of a body's own code", () => {
  test.each([
    ['M000100Y', '4'],
    ['10162374', '1'],
    ['69769418', '7'],
  ])('of %s is %s', (body, check) => expect(bodyCheckDigit(body)).toBe(check));
  test('is X for ten and 0 for eleven', () => {
    const all = new Set(Array.from({ length: 200 }, (_, n) => bodyCheckDigit(String(n).padStart(8, '0'))));
    expect([...all].sort()).toEqual([...'0123456789X']);
  });
});

test.each(['9135010OM000100Y43', '91350100I000100Y43', '91350100M000100Y4', '91350100m000100y43', '9135010AM000100Y43'])(
  'refuses the form of %s',
  (code) => expect(usccPattern.test(code)).toBe(false),
);
