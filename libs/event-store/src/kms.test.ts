import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { localKms } from './kms.ts';

const secret = randomBytes(32);

it('opens what it wrapped, which is different each time and holds nothing of it', async () => {
  const kms = localKms(randomBytes(32));
  const wrapped = await kms.wrap(secret);
  expect(Buffer.from(await kms.unwrap(wrapped)).equals(secret)).toBe(true);
  expect(Buffer.from(wrapped).includes(secret)).toBe(false);
  expect(await kms.wrap(secret)).not.toEqual(wrapped);
});

it('opens after the master key was exchanged what the former one wrapped, as long as that is given', async () => {
  const [former, next] = [randomBytes(32), randomBytes(32)];
  const wrapped = await localKms(former).wrap(secret);
  const exchanged = localKms(next, former);
  expect(Buffer.from(await exchanged.unwrap(wrapped)).equals(secret)).toBe(true);
  expect(Buffer.from(await localKms(next).unwrap(await exchanged.wrap(secret))).equals(secret)).toBe(true);
  await expect(localKms(next).unwrap(wrapped)).rejects.toMatchObject({ code: 'unavailable', reason: 'master-key-missing' });
});

it('refuses what was altered, byte by byte, and a master key of another length', async () => {
  const kms = localKms(randomBytes(32));
  const wrapped = await kms.wrap(secret);
  for (let at = 0; at < wrapped.length; at++) {
    const altered = Buffer.from(wrapped);
    altered[at]! ^= 1;
    await expect(kms.unwrap(altered)).rejects.toMatchObject({ reason: at > 0 && at < 9 ? 'master-key-missing' : 'wrapped-key-damaged' });
  }
  await expect(kms.unwrap(wrapped.subarray(0, 30))).rejects.toMatchObject({ code: 'data-loss' });
  expect(() => localKms(randomBytes(16))).toThrow('32 bytes');
});
