import { Rejection, sha256 } from '@sanwang/kernel';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  type JWTVerifyResult,
} from 'jose';
import type { Principal } from './port.ts';
import { SERVICE_PREFIX, SERVICE_TOKEN_SECONDS, type ServiceKeys } from './service-keys.ts';

/** Where the issuer's public keys come from: a key set at hand, or the address at which the issuer serves it. */
export type IssuerKeys = { readonly jwks: JSONWebKeySet } | { readonly url: string };

export interface VerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: IssuerKeys;
  /** The subject that makes the first imports; absent: there is none. */
  readonly bootstrapSubject?: string | undefined;
  /** The services' public keys: each signs for itself alone, as issuer and subject `service:<context>`. Absent: no service is known. */
  readonly serviceKeys?: ServiceKeys | undefined;
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

const failures = {
  'token-missing': 'Send a token: Authorization: Bearer …',
  'token-malformed': 'The token is not a signed JWT with issuer, audience, subject and expiry.',
  'token-expired': 'The token is not valid at this time.',
  'token-signature': 'The token is not signed by a key of the issuer with ES256.',
  'token-issuer': 'The token is from another issuer or for another audience.',
} as const;
const unauthenticated = (reason: keyof typeof failures): Rejection => new Rejection('unauthenticated', reason, failures[reason]);

/** The token of an `Authorization: Bearer …` header; `unauthenticated/token-missing` without the header, `-malformed` with another. */
export const bearerToken = (authorization: string | undefined): string => {
  if (authorization === undefined || authorization === '') throw unauthenticated('token-missing');
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

/** Makes a verifier of ES256 JWTs of one issuer and of the deployment's services. Verified tokens are remembered (bounded, least recently used out first). */
export const createVerifier = (options: VerifierOptions): Verifier => {
  const now = options.now ?? Date.now;
  const cacheSize = options.cacheSize ?? 10_000;
  const keys: JWTVerifyGetKey =
    'jwks' in options.keys
      ? createLocalJWKSet(options.keys.jwks)
      : createRemoteJWKSet(new URL(options.keys.url), { timeoutDuration: 5_000 });
  const cache = new Map<string, { readonly principal: Principal; readonly until: number }>();

  const serviceKeys = options.serviceKeys && createLocalJWKSet(options.serviceKeys);
  const common = {
    algorithms: ALGORITHMS,
    audience: options.audience,
    clockTolerance: SKEW_SECONDS,
    requiredClaims: ['sub', 'exp', 'iss', 'aud'],
  };

  const serviceOf = ({ payload, protectedHeader }: JWTVerifyResult): Principal => {
    if (protectedHeader.kid !== payload.iss || payload.sub !== payload.iss) throw unauthenticated('token-signature');
    return { subject: payload.sub!, kind: 'service' };
  };
  /** No issuer of officers' tokens speaks for a service. */
  const personOf = ({ payload }: JWTVerifyResult): Principal => {
    const subject = payload.sub ?? '';
    if (subject.startsWith(SERVICE_PREFIX)) throw unauthenticated('token-signature');
    if (!subjectForm.test(subject)) throw unauthenticated('token-malformed');
    return { subject, kind: subject === options.bootstrapSubject ? 'bootstrap' : 'officer' };
  };

  const check = async (token: string): Promise<{ principal: Principal; until: number }> => {
    const currentDate = new Date(now());
    let verified: JWTVerifyResult;
    let isService: boolean;
    try {
      const { iss } = decodeJwt(token);
      isService = serviceKeys !== undefined && iss !== undefined && iss !== options.issuer && iss.startsWith(SERVICE_PREFIX);
      verified = isService
        ? await jwtVerify(token, serviceKeys!, { ...common, currentDate, issuer: iss!, maxTokenAge: SERVICE_TOKEN_SECONDS })
        : await verifyWithAny(token, keys, { ...common, currentDate, issuer: options.issuer });
    } catch (error) {
      throw translated(error);
    }
    const principal = isService ? serviceOf(verified) : personOf(verified);
    const expires = (verified.payload.exp! + SKEW_SECONDS) * 1_000;
    return { principal, until: Math.min(expires, now() + TRUSTED_MS) };
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
