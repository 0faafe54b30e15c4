import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLocalIssuer, type LocalIssuer } from './issuer.ts';
import { createVerifier } from './tokens.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'sanwang-issuer-')), 'identity');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const verify = (by: LocalIssuer, token: string) =>
  createVerifier({ issuer: by.issuer, audience: by.audience, keys: { jwks: by.jwks }, bootstrapSubject: 'bootstrap' }).verify(token);

describe('the local issuer', () => {
  it('issues tokens that its own public keys verify', async () => {
    const local = await openLocalIssuer(folder);
    expect(await verify(local, await local.issue({ subject: 'bootstrap', ttlSeconds: 60 }))).toEqual({
      subject: 'bootstrap',
      kind: 'bootstrap',
    });
    expect(JSON.stringify(local.jwks)).not.toContain('"d"');
  });
  it('keeps its key in one file that only its owner reads', async () => {
    await openLocalIssuer(folder);
    expect(await readdir(folder)).toEqual(['issuer-key.json']);
    expect((await stat(join(folder, 'issuer-key.json'))).mode & 0o777).toBe(0o600);
  });
  it('has the same key after a restart and in the CLI', async () => {
    const [first, second] = [await openLocalIssuer(folder), await openLocalIssuer(folder)];
    expect(second.jwks).toEqual(first.jwks);
    expect(await verify(first, await second.issue({ subject: 'officer-1', ttlSeconds: 60 }))).toMatchObject({ subject: 'officer-1' });
  });
  it('makes one key when several open a new folder at once', async () => {
    const opened = await Promise.all(Array.from({ length: 5 }, () => openLocalIssuer(folder)));
    expect(new Set(opened.map((local) => JSON.stringify(local.jwks))).size).toBe(1);
    expect(await readdir(folder)).toEqual(['issuer-key.json']);
  });
  it('does not take the tokens of another folder', async () => {
    const [local, other] = [await openLocalIssuer(folder), await openLocalIssuer(`${folder}-other`)];
    await expect(verify(local, await other.issue({ subject: 'bootstrap', ttlSeconds: 60 }))).rejects.toMatchObject({
      reason: 'token-signature',
    });
  });
  it.each([0, -1, 1.5, Number.NaN, 1e12])('refuses a validity of %s seconds', async (ttlSeconds) => {
    const local = await openLocalIssuer(folder);
    await expect(local.issue({ subject: 'x', ttlSeconds })).rejects.toMatchObject({ code: 'invalid-argument', reason: 'token-ttl' });
  });
  it('says which file is wrong when the key is damaged, and leaves it alone', async () => {
    await openLocalIssuer(folder);
    await writeFile(join(folder, 'issuer-key.json'), '{"kty":"EC"}');
    await expect(openLocalIssuer(folder)).rejects.toThrow('issuer-key.json is not a key of the local issuer');
  });
});
