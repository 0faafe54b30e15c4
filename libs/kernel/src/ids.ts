import { hash, randomBytes } from 'node:crypto';

const format = (bytes: Buffer): string => {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

/** Name-based UUID, version 5 (RFC 9562 §5.5). `namespace` is itself a UUID. The same two inputs always give the same id. */
export const uuidv5 = (namespace: string, name: string): string => {
  const input = Buffer.allocUnsafe(16 + Buffer.byteLength(name));
  input.write(namespace.replaceAll('-', ''), 0, 16, 'hex');
  input.write(name, 16);
  const hex = hash('sha1', input, 'hex');
  const version = ((Number.parseInt(hex.slice(12, 14), 16) & 0x0f) | 0x50).toString(16);
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}${hex.slice(14, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
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
