import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '@sanwang/kernel';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';

/** `iss` and `aud` of the local issuer's tokens. */
export const LOCAL_ISSUER = 'urn:sanwang:local-issuer';
export const LOCAL_AUDIENCE = 'sanwang';
const FILE = 'issuer-key.json';
const MAX_TTL_SECONDS = 366 * 24 * 3_600;

const keyFile = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  alg: z.literal('ES256'),
  kid: z.string().min(1),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});

/** The issuer of the embedded mode: it proves subjects with a key of its own that never leaves the data folder. */
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

const newKey = async (): Promise<string> => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return JSON.stringify({ ...jwk, alg: 'ES256', kid: await calculateJwkThumbprint(jwk) });
};

/** Opens the issuer of a folder; its ES256 key is made on first use (mode 0600). The CLI opens the same file to issue tokens. */
export const openLocalIssuer = async (folder: string): Promise<LocalIssuer> => {
  const path = join(folder, FILE);
  const readKey = (): Promise<string> => readFile(path, 'utf8');
  const text = await readKey().catch(async (error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await placeOnce(folder, FILE, await newKey());
    return readKey();
  });
  let parsed: z.infer<typeof keyFile>;
  try {
    parsed = keyFile.parse(JSON.parse(text));
  } catch {
    throw new Error(`${FILE} is not a key of the local issuer; remove it to have a new one made (issued tokens then end)`);
  }
  const { d: _secret, ...publicPart } = parsed;
  const key = await importJWK(parsed as JWK, 'ES256');
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
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: parsed.kid })
        .setIssuer(LOCAL_ISSUER)
        .setAudience(LOCAL_AUDIENCE)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ttlSeconds)
        .sign(key);
    },
  };
};
