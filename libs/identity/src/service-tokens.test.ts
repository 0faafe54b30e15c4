import { decodeJwt } from 'jose';
import { expect, it } from 'vitest';
import { newServiceKeys } from './service-keys.ts';
import { createServiceTokens } from './service-tokens.ts';

const { privateKeys } = await newServiceKeys(['patrol', 'directory']);

it('signs anew before a token ends, and not before', async () => {
  let now = Date.parse('2026-11-23T08:00:00.500Z');
  const tokens = createServiceTokens({ context: 'patrol', key: privateKeys['patrol']!, audience: 'sanwang', now: () => now });
  const first = await tokens();
  expect(decodeJwt(first)).toEqual({
    iss: 'service:patrol',
    sub: 'service:patrol',
    aud: 'sanwang',
    iat: Math.floor(now / 1_000),
    exp: Math.floor(now / 1_000) + 300,
  });
  now += 239_000;
  expect(await tokens()).toBe(first);
  now += 2_000;
  const second = await tokens();
  expect(decodeJwt(second).exp! * 1_000).toBeGreaterThan(now + 290_000);
});
it("does not sign with another service's key", () => {
  expect(() => createServiceTokens({ context: 'patrol', key: privateKeys['directory']!, audience: 'sanwang' })).toThrow(
    'SANWANG_SERVICE_KEY_FILE: expected the key of service:patrol',
  );
});
