import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '@sanwang/kernel';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';

/** `iss` and `aud` of the local issuer's tokens. */
export const LOCAL_ISSUER = 'urn:sanwang:local-issuer';
export const LOCAL_AUDIENCE = 'sanwang';
const ISSUER_FILE = 'issuer-key.json';
const MAX_TTL_SECONDS = 366 * 24 * 3_600;

/** The local issuer's private key as a JWK. */
export const issuerKeySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  alg: z.literal('ES256'),
  kid: z.string().min(1),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});
export type IssuerKey = z.infer<typeof issuerKeySchema>;

/** An issuer of our own, for the embedded mode and for trials: it proves subjects with a key that never leaves its file. */
export interface LocalIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Public keys only. */
  readonly jwks: JSONWebKeySet;
  /** A signed JWT; validity counts from the wall clock. */
  issue(claims: { readonly subject: string; readonly ttlSeconds: number }): Promise<string>;
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;

/** Puts a file in place whole or not at all, and never over one that is there: of two starters one wins, both then read the same. */
const placeOnce = async (folder: string, name: string, text: string): Promise<void> => {
  const draft = join(folder, `.${name}.${randomBytes(6).toString('hex')}`);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, join(folder, name));
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
};

/** A new key for a local issuer. */
export const newIssuerKey = async (): Promise<IssuerKey> => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return issuerKeySchema.parse({ ...jwk, alg: 'ES256', kid: await calculateJwkThumbprint(jwk) });
};

/** The issuer that a key makes. */
export const localIssuer = async (issuerKey: IssuerKey): Promise<LocalIssuer> => {
  const { d: _secret, ...publicPart } = issuerKey;
  const key = await importJWK(issuerKey as JWK, 'ES256');
  return {
    issuer: LOCAL_ISSUER,
    audience: LOCAL_AUDIENCE,
    jwks: { keys: [{ ...publicPart, use: 'sig' }] },
    async issue({ subject, ttlSeconds }) {
      if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_TTL_SECONDS) {
        throw invalid('token-ttl', 'ttlSeconds', `a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`);
      }
      const issuedAt = Math.floor(Date.now() / 1_000);
      return new SignJWT()
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: issuerKey.kid })
        .setIssuer(LOCAL_ISSUER)
        .setAudience(LOCAL_AUDIENCE)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ttlSeconds)
        .sign(key);
    },
  };
};

/** Opens the issuer of a folder; its ES256 key is made on first use (mode 0600). The CLI opens the same file to issue tokens. */
export const openLocalIssuer = async (folder: string): Promise<LocalIssuer> => {
  const path = join(folder, ISSUER_FILE);
  const readKey = (): Promise<string> => readFile(path, 'utf8');
  const text = await readKey().catch(async (error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await placeOnce(folder, ISSUER_FILE, JSON.stringify(await newIssuerKey()));
    return readKey();
  });
  let key: IssuerKey;
  try {
    key = issuerKeySchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${ISSUER_FILE} is not a key of the local issuer; remove it to have a new one made (issued tokens then end)`);
  }
  return localIssuer(key);
};
