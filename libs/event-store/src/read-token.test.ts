import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeReadToken, encodeReadToken } from './read-token.ts';

it('reads back what it wrote', () => {
  const token = fc.record({
    context: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    partition: fc.integer({ min: 0, max: 99_999 }),
    position: fc.integer({ min: -1, max: 1e14 }),
  });
  fc.assert(
    fc.property(token, (one) => {
      expect(decodeReadToken(encodeReadToken(one))).toEqual(one);
    }),
  );
});

it('refuses anything else with a reason', () => {
  const others = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.constantFrom('', '{}', Buffer.from('patrol.1').toString('base64url'), 'x'.repeat(10_000)),
  );
  fc.assert(
    fc.property(others, (text) => {
      expect(() => decodeReadToken(text)).toThrow(expect.objectContaining({ code: 'invalid-argument', reason: 'read-token' }));
    }),
  );
});
