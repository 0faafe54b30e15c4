import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

/** What a service's subject and the id of its key begin with: `service:<context>`. */
export const SERVICE_PREFIX = 'service:';

/** How long a service's token is good. */
export const SERVICE_TOKEN_SECONDS = 300;

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const publicPart = {
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  alg: z.literal('ES256'),
  kid: z.string().regex(/^service:[a-z][a-z0-9-]{0,39}$/),
  x: coordinate,
  y: coordinate,
};

/** A service's own private key as a JWK: ES256, `kid` is `service:<context>`. */
export const serviceKeySchema = z.strictObject({ ...publicPart, d: coordinate, use: z.literal('sig').exactOptional() });
export type ServiceKey = z.infer<typeof serviceKeySchema>;

/** The public keys of all services as a JWKS: one key per `kid`, no private part. */
export const serviceKeysSchema = z
  .strictObject({ keys: z.array(z.strictObject({ ...publicPart, use: z.literal('sig').exactOptional() })).min(1) })
  .refine(({ keys }) => new Set(keys.map(({ kid }) => kid)).size === keys.length);
export type ServiceKeys = z.infer<typeof serviceKeysSchema>;

/** New keys for services: each one's private key by its context, and the public keys of all. */
export const newServiceKeys = async (
  contexts: readonly string[],
): Promise<{ readonly privateKeys: Readonly<Record<string, ServiceKey>>; readonly publicKeys: ServiceKeys }> => {
  const privateKeys: Record<string, ServiceKey> = {};
  for (const context of contexts) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    privateKeys[context] = serviceKeySchema.parse({ ...(await exportJWK(privateKey)), alg: 'ES256', kid: `${SERVICE_PREFIX}${context}` });
  }
  const keys = Object.values(privateKeys).map(({ d: _secret, ...publicKey }) => publicKey);
  return { privateKeys, publicKeys: serviceKeysSchema.parse({ keys }) };
};
