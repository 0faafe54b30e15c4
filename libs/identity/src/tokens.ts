import { Rejection, sha256 } from '@sanwang/kernel';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyResult,
} from 'jose';
import type { Principal } from './port.ts';

/** Where the issuer's public keys come from: a key set at hand, or the address at which the issuer serves it. */
export type IssuerKeys = { readonly jwks: JSONWebKeySet } | { readonly url: string };

export interface VerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: IssuerKeys;
  /** The subject that makes the first imports; absent: there is none. */
  readonly bootstrapSubject?: string | undefined;
  /** By context the key id (`kid`) that alone may sign for `service:<context>`. */
  readonly serviceKeys?: Readonly<Record<string, string>>;
  /** Wall clock, ms since the epoch. Token validity never follows the simulated clock. */
  readonly now?: () => number;
  /** The most verified tokens that are remembered. */
  readonly cacheSize?: number;
}

export interface Verifier {
  /**
   * The principal that a token proves. Fails with `unauthenticated/token-missing`, `-malformed`, `-expired` (also: not yet
   * valid), `-signature` (also: algorithm) or `-issuer` (also: audience), and with `unavailable/issuer-unavailable` when the
   * issuer's keys cannot be had. No failure repeats any part of the token.
   */
  verify(token: string | undefined): Promise<Principal>;
}

const ALGORITHMS = ['ES256'];
const SKEW_SECONDS = 5;
const MAX_TOKEN_CHARACTERS = 8 * 1024;
/** A key that the issuer withdraws must stop working soon, so no token is trusted unseen for longer than this. */
const TRUSTED_MS = 300_000;
const subjectForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/;
const servicePrefix = 'service:';

const failures = {
  'token-missing': 'This needs a bearer token.',
  'token-malformed': 'The token is not a signed JWT with issuer, audience, subject and expiry.',
  'token-expired': 'The token is not valid at this time.',
  'token-signature': 'The token is not signed by a key of the issuer with ES256.',
  'token-issuer': 'The token is from another issuer or for another audience.',
} as const;
const unauthenticated = (reason: keyof typeof failures): Rejection => new Rejection('unauthenticated', reason, failures[reason]);

/** The token of an `Authorization: Bearer …` header; `undefined` when there is no such header. */
export const bearerToken = (authorization: string | undefined): string | undefined => {
  if (authorization === undefined || authorization === '') return undefined;
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization)?.[1];
  if (token === undefined) throw unauthenticated('token-malformed');
  return token;
};

const translated = (error: unknown): Rejection => {
  if (error instanceof errors.JWTExpired) return unauthenticated('token-expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing' || error.reason === 'invalid') return unauthenticated('token-malformed');
    if (error.claim === 'nbf' || error.claim === 'iat') return unauthenticated('token-expired');
    return error.claim === 'iss' || error.claim === 'aud' ? unauthenticated('token-issuer') : unauthenticated('token-malformed');
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed
  )
    return unauthenticated('token-signature');
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid || error instanceof errors.JOSENotSupported)
    return unauthenticated('token-malformed');
  return new Rejection('unavailable', 'issuer-unavailable', 'The keys of the token issuer cannot be had at the moment.', { cause: error });
};

/** Checks with whichever of several matching keys fits: an issuer may publish keys without ids while it changes them. */
const verifyWithAny = async (token: string, keys: JWTVerifyGetKey, options: Parameters<typeof jwtVerify>[2]): Promise<JWTVerifyResult> => {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (mismatch) {
        if (!(mismatch instanceof errors.JWSSignatureVerificationFailed)) throw mismatch;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
};

/** Makes a verifier of ES256 JWTs of one issuer. Verified tokens are remembered (bounded, least recently used out first). */
export const createVerifier = (options: VerifierOptions): Verifier => {
  const now = options.now ?? Date.now;
  const cacheSize = options.cacheSize ?? 10_000;
  const keys: JWTVerifyGetKey =
    'jwks' in options.keys
      ? createLocalJWKSet(options.keys.jwks)
      : createRemoteJWKSet(new URL(options.keys.url), { timeoutDuration: 5_000 });
  const cache = new Map<string, { readonly principal: Principal; readonly until: number }>();

  const principalOf = (payload: JWTPayload, kid: string | undefined): Principal => {
    const subject = payload.sub ?? '';
    if (subject.startsWith(servicePrefix)) {
      const expected = options.serviceKeys?.[subject.slice(servicePrefix.length)];
      if (expected === undefined || kid !== expected) throw unauthenticated('token-signature');
      return { subject, kind: 'service' };
    }
    if (!subjectForm.test(subject)) throw unauthenticated('token-malformed');
    return { subject, kind: subject === options.bootstrapSubject ? 'bootstrap' : 'officer' };
  };

  const check = async (token: string): Promise<{ principal: Principal; until: number }> => {
    let verified: JWTVerifyResult;
    try {
      verified = await verifyWithAny(token, keys, {
        algorithms: ALGORITHMS,
        issuer: options.issuer,
        audience: options.audience,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(now()),
        requiredClaims: ['sub', 'exp', 'iss', 'aud'],
      });
    } catch (error) {
      throw translated(error);
    }
    const { payload, protectedHeader } = verified;
    const expires = (payload.exp! + SKEW_SECONDS) * 1_000;
    return { principal: principalOf(payload, protectedHeader.kid), until: Math.min(expires, now() + TRUSTED_MS) };
  };

  return {
    async verify(token) {
      if (token === undefined || token === '') throw unauthenticated('token-missing');
      if (token.length > MAX_TOKEN_CHARACTERS) throw unauthenticated('token-malformed');
      const cacheKey = sha256(token);
      const known = cache.get(cacheKey);
      cache.delete(cacheKey);
      if (known && known.until > now()) {
        cache.set(cacheKey, known);
        return known.principal;
      }
      const verified = await check(token);
      cache.set(cacheKey, verified);
      if (cache.size > cacheSize) cache.delete(cache.keys().next().value!);
      return verified.principal;
    },
  };
};
