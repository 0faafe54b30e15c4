import { createHash, hash, randomBytes } from 'node:crypto';

const format = (bytes: Buffer): string => {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

/** Name-based UUID, version 5 (RFC 9562 §5.5). `namespace` is itself a UUID. The same two inputs always give the same id. */
export const uuidv5 = (namespace: string, name: string): string => {
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  digest[6] = (digest[6]! & 0x0f) | 0x50;
  digest[8] = (digest[8]! & 0x3f) | 0x80;
  return format(digest);
};

/** Time-ordered UUID, version 7 (RFC 9562 §5.7). */
export const uuidv7 = (unixMs: number = Date.now()): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(unixMs, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return format(bytes);
};

/** The namespace under which Sanwang derives its own name-based ids. */
export const SANWANG_NAMESPACE = 'b0b54cf4-6d35-5b4c-9b62-6f7c7a0c3f33';

/** A UUID that follows from the given parts alone, e.g. an aggregate's id from its natural key. */
export const idFrom = (...parts: readonly string[]): string => uuidv5(SANWANG_NAMESPACE, JSON.stringify(parts));

/** SHA-256 in lower-case hex. */
export const sha256 = (data: string | Uint8Array): string => hash('sha256', data, 'hex');
