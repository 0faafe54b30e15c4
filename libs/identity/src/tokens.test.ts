import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Rejection } from '@sanwang/kernel';
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newServiceKeys, type ServiceKey, type ServiceKeys } from './service-keys.ts';
import { createServiceTokens } from './service-tokens.ts';
import { bearerToken, createVerifier, type Verifier, type VerifierOptions } from './tokens.ts';

const issuer = 'https://issuer.test';
const audience = 'sanwang';
const NOW = Date.parse('2026-11-23T08:00:00.000Z');
const seconds = NOW / 1_000;

interface Signer {
  readonly key: CryptoKey;
  readonly kid: string;
}
const signer = async (kid: string): Promise<{ signer: Signer; jwks: JSONWebKeySet }> => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { signer: { key: privateKey, kid }, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256' }] } };
};

let officers: Signer;
let patrol: Signer;
let stranger: Signer;
let jwks: JSONWebKeySet;
let keysOfServices: ServiceKeys;
let privateKeys: Readonly<Record<string, ServiceKey>>;
let serviceSigners: Readonly<Record<string, CryptoKey>>;
beforeAll(async () => {
  const made = await newServiceKeys(['patrol', 'overview']);
  keysOfServices = made.publicKeys;
  privateKeys = made.privateKeys;
  const imported = Object.entries(privateKeys).map(
    async ([context, key]) => [context, (await importJWK(key, 'ES256')) as CryptoKey] as const,
  );
  serviceSigners = Object.fromEntries(await Promise.all(imported));
});
beforeAll(async () => {
  const [first, second, third] = await Promise.all([signer('main'), signer('patrol-key'), signer('main')]);
  officers = first.signer;
  patrol = second.signer;
  stranger = third.signer;
  jwks = { keys: [...first.jwks.keys, ...second.jwks.keys] };
});

const sign = (claims: JWTPayload = {}, by: Signer = officers): Promise<string> =>
  new SignJWT({ iss: issuer, aud: audience, sub: 'officer-17', exp: seconds + 60, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: by.kid })
    .sign(by.key);
const verifier = (options: Partial<VerifierOptions> = {}): Verifier =>
  createVerifier({ issuer, audience, keys: { jwks }, bootstrapSubject: 'admin', now: () => NOW, ...options });

const refusal = async (work: Promise<unknown>, secret = ''): Promise<string> => {
  const error = await work.then(
    () => expect.unreachable('was not refused'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Rejection);
  const rejection = error as Rejection;
  if (secret)
    expect(JSON.stringify([rejection.message, rejection.facts, rejection.violations, String(rejection.cause)])).not.toContain(secret);
  return `${rejection.code}/${rejection.reason}`;
};

const withoutId = (key: JWK): JWK => {
  const copy = { ...key };
  delete copy.kid;
  return copy;
};

describe('a verifier', () => {
  it('takes the subject of a good token as an officer', async () => {
    expect(await verifier().verify(await sign())).toEqual({ subject: 'officer-17', kind: 'officer' });
  });
  it('knows the configured bootstrap subject, and only that one', async () => {
    const token = await sign({ sub: 'admin' });
    expect(await verifier().verify(token)).toEqual({ subject: 'admin', kind: 'bootstrap' });
    expect(await verifier({ bootstrapSubject: 'other' }).verify(token)).toEqual({ subject: 'admin', kind: 'officer' });
  });
  it('takes no service from the issuer of the officers', async () => {
    const sub = 'service:patrol';
    for (const by of [officers, patrol]) {
      expect(await refusal(verifier({ serviceKeys: keysOfServices }).verify(await sign({ sub }, by)))).toBe(
        'unauthenticated/token-signature',
      );
    }
  });
  describe('of services', () => {
    const claims = { iss: 'service:patrol', sub: 'service:patrol', iat: seconds, exp: seconds + 300 };
    const signed = (changes: JWTPayload = {}, kid = 'service:patrol', of = 'patrol'): Promise<string> =>
      sign({ ...claims, ...changes }, { key: serviceSigners[of]!, kid });
    const check = (token: string) => verifier({ serviceKeys: keysOfServices }).verify(token);

    it("takes a service's own token", async () => {
      const tokens = createServiceTokens({ context: 'patrol', key: privateKeys['patrol']!, audience, now: () => NOW });
      expect(await check(await tokens())).toEqual({ subject: 'service:patrol', kind: 'service' });
      expect(await check(await signed())).toEqual({ subject: 'service:patrol', kind: 'service' });
    });
    const refused: readonly (readonly [string, string, () => Promise<string>])[] = [
      ['for another service', 'token-signature', () => signed({ sub: 'service:overview' })],
      ['in the name of another', 'token-signature', () => signed({ iss: 'service:overview', sub: 'service:overview' })],
      ["under another's key id", 'token-signature', () => signed({ iss: 'service:overview', sub: 'service:overview' }, 'service:overview')],
      ['for an officer', 'token-signature', () => signed({ sub: 'officer-17' })],
      ["as the officers' issuer", 'token-signature', () => signed({ iss: issuer, sub: 'officer-17' })],
      ['for the bootstrap subject', 'token-signature', () => signed({ sub: 'admin' })],
      ['for another audience', 'token-issuer', () => signed({ aud: 'elsewhere' })],
      ['that was good for longer than five minutes', 'token-expired', () => signed({ iat: seconds - 400, exp: seconds + 300 })],
      ['that does not say when it was signed', 'token-malformed', () => signed(JSON.parse('{"iat":null}') as JWTPayload)],
      ['of a service that is not known', 'token-signature', () => signed({ iss: 'service:x', sub: 'service:x' }, 'service:x', 'overview')],
    ];
    it.each(refused)('refuses a token %s', async (_, reason, token) => {
      expect(await refusal(check(await token()))).toBe(`unauthenticated/${reason}`);
    });
    it('knows none without their keys', async () => {
      expect(await refusal(verifier().verify(await signed()))).toBe('unauthenticated/token-signature');
    });
  });

  const bad: readonly (readonly [string, string, () => Promise<string | undefined>])[] = [
    ['no token', 'token-missing', async () => undefined],
    ['an empty token', 'token-missing', async () => ''],
    ['what is no JWT', 'token-malformed', async () => 'not-a-token'],
    ['an endless token', 'token-malformed', async () => 'a'.repeat(9_000)],
    ['another key of the same id', 'token-signature', () => sign({}, stranger)],
    ['a key that the issuer does not have', 'token-signature', () => sign({}, { key: stranger.key, kid: 'unheard-of' })],
    [
      'a changed payload',
      'token-signature',
      async () => {
        const [header, , signature] = (await sign()).split('.');
        return `${header}.${Buffer.from(JSON.stringify({ iss: issuer, aud: audience, sub: 'admin', exp: seconds + 60 })).toString('base64url')}.${signature}`;
      },
    ],
    [
      'alg none',
      'token-signature',
      async () => new UnsecuredJWT({ sub: 'admin', exp: seconds + 60 }).setIssuer(issuer).setAudience(audience).encode(),
    ],
    [
      'HS256 with the public key as its secret',
      'token-signature',
      () =>
        new SignJWT({ iss: issuer, aud: audience, sub: 'admin', exp: seconds + 60 })
          .setProtectedHeader({ alg: 'HS256', kid: 'main' })
          .sign(Buffer.from(JSON.stringify(jwks.keys[0]).padEnd(32))),
    ],
    ['another issuer', 'token-issuer', () => sign({ iss: 'https://elsewhere.test' })],
    ['another audience', 'token-issuer', () => sign({ aud: 'elsewhere' })],
    ['an expired token', 'token-expired', () => sign({ exp: seconds - 6 })],
    ['a token of tomorrow', 'token-expired', () => sign({ nbf: seconds + 60 })],
    [
      'a token without expiry',
      'token-malformed',
      () => new SignJWT({ iss: issuer, aud: audience, sub: 'x' }).setProtectedHeader({ alg: 'ES256', kid: 'main' }).sign(officers.key),
    ],
    [
      'a token without subject',
      'token-malformed',
      () =>
        new SignJWT({ iss: issuer, aud: audience, exp: seconds + 60 }).setProtectedHeader({ alg: 'ES256', kid: 'main' }).sign(officers.key),
    ],
    ['a subject that is no id', 'token-malformed', () => sign({ sub: '张三 of somewhere' })],
  ];
  it.each(bad)('refuses %s as %s, and does not repeat it', async (_, reason, make) => {
    const token = await make();
    expect(await refusal(verifier().verify(token), token)).toBe(`unauthenticated/${reason}`);
  });

  it('allows for a small skew of the clocks', async () => {
    expect(await verifier().verify(await sign({ exp: seconds - 4 }))).toMatchObject({ subject: 'officer-17' });
    expect(await verifier().verify(await sign({ nbf: seconds + 4 }))).toMatchObject({ subject: 'officer-17' });
  });
  it('does not take a remembered token after its expiry', async () => {
    let now = NOW;
    const remembering = verifier({ now: () => now });
    const token = await sign({ exp: seconds + 10 });
    await remembering.verify(token);
    now += 14_000;
    expect(await remembering.verify(token)).toMatchObject({ subject: 'officer-17' });
    now += 1_000;
    expect(await refusal(remembering.verify(token))).toBe('unauthenticated/token-expired');
  });
  it('finds the right one of several keys without ids', async () => {
    const keys = { jwks: { keys: jwks.keys.map(withoutId) } };
    const token = await new SignJWT({ iss: issuer, aud: audience, sub: 'x', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(patrol.key);
    expect(await verifier({ keys }).verify(token)).toMatchObject({ subject: 'x' });
    const foreign = await new SignJWT({ iss: issuer, aud: audience, sub: 'x', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(stranger.key);
    expect(await refusal(verifier({ keys }).verify(foreign))).toBe('unauthenticated/token-signature');
  });
});

describe('a verifier with a remote issuer', () => {
  let server: Server | undefined;
  let asked = 0;
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));
  const serve = async (): Promise<string> => {
    asked = 0;
    server = createServer((_, response) => {
      asked++;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  };

  it('fetches the keys once, and asks nobody for a token it remembers', async () => {
    const remote = verifier({ keys: { url: await serve() } });
    const token = await sign();
    for (let round = 0; round < 3; round++) expect(await remote.verify(token)).toMatchObject({ subject: 'officer-17' });
    expect(await remote.verify(await sign({ sub: 'officer-18' }))).toMatchObject({ subject: 'officer-18' });
    expect(asked).toBe(1);
  });
  it('says that the issuer is away, and not that the token is bad', async () => {
    const url = await serve();
    await new Promise<void>((resolve) => server!.close(() => resolve()));
    server = undefined;
    const token = await sign();
    expect(await refusal(verifier({ keys: { url } }).verify(token), token)).toBe('unavailable/issuer-unavailable');
  });
});

describe('an Authorization header', () => {
  it('gives its bearer token', () => {
    expect(bearerToken('Bearer abc.def.ghi')).toBe('abc.def.ghi');
    expect(bearerToken('bearer abc')).toBe('abc');
    expect(() => bearerToken(undefined)).toThrow(expect.objectContaining({ reason: 'token-missing' }));
  });
  it.each(['Basic abc', 'Bearer', 'Bearer a b', 'abc'])('refuses %s', (header) => {
    expect(() => bearerToken(header)).toThrow(expect.objectContaining({ reason: 'token-malformed' }));
  });
});
