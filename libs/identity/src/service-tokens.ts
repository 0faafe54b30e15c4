import { Rejection } from '@sanwang/kernel';
import { importJWK, SignJWT, type CryptoKey } from 'jose';
import { SERVICE_PREFIX, SERVICE_TOKEN_SECONDS, type ServiceKey } from './service-keys.ts';

/** A token is not handed out any more when less than this is left of it. */
const RENEW_SECONDS = 60;

export interface ServiceTokenOptions {
  readonly context: string;
  /** The service's own; its `kid` has to be `service:<context>`. */
  readonly key: ServiceKey;
  readonly audience: string;
  /** Wall clock, ms since the epoch. */
  readonly now?: () => number;
}

/**
 * The tokens of a service for its own calls to others: issuer and subject `service:<context>`, good for five minutes, and
 * signed anew in time. The answered function gives one that is good for at least a minute.
 */
export const createServiceTokens = ({ context, key, audience, now = Date.now }: ServiceTokenOptions): (() => Promise<string>) => {
  const name = `${SERVICE_PREFIX}${context}`;
  if (key.kid !== name) {
    const expected = `the key of ${name}`;
    throw new Rejection('invalid-argument', 'configuration', `SANWANG_SERVICE_KEY_FILE: expected ${expected}`, {
      violations: [{ field: 'SANWANG_SERVICE_KEY_FILE', expected }],
    });
  }
  const signer = importJWK(key, 'ES256') as Promise<CryptoKey>;
  const sign = async (issuedAt: number): Promise<string> =>
    new SignJWT()
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: name })
      .setIssuer(name)
      .setSubject(name)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + SERVICE_TOKEN_SECONDS)
      .sign(await signer);
  let current: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    const seconds = Math.floor(now() / 1_000);
    if (!current || seconds >= current.until) {
      current = { token: sign(seconds), until: seconds + SERVICE_TOKEN_SECONDS - RENEW_SECONDS };
    }
    return current.token;
  };
};
