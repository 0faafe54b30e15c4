import { createECDH, createHash, createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import { canonicalJson, type Instant } from '@sanwang/kernel';
import type { StoredEvent } from './port.ts';

/** What the deployment has signed of a context's part of the log: its first `events` events, in log order. */
export interface LogCheckpoint {
  readonly context: string;
  /** Position of the last event covered. */
  readonly position: number;
  /** How many events of the context are covered, from its first on. */
  readonly events: number;
  /** `nextDigest` over all of them, hex. */
  readonly digest: string;
  /** The first 8 characters of the digest after each event since the checkpoint before: they tell which one is not what it was. */
  readonly marks: string;
  /** Signature of the checkpoint before; empty for the first. */
  readonly previous: string;
  /** Wall clock. */
  readonly at: Instant;
  readonly keyId: string;
  /** ES256 over the canonical JSON of all other fields, base64url. */
  readonly signature: string;
}

/** Signed checkpoints, held apart from the log that they testify to. Failures as the key store's. */
export interface SignedCheckpoints {
  /**
   * Durable when the promise resolves. Fails with `conflict/checkpoint-moved` unless `previous` is the signature of the context's
   * last one: another process signs too.
   */
  append(checkpoint: LogCheckpoint): Promise<void>;
  last(context: string): Promise<LogCheckpoint | undefined>;
  /** Those of a context that cover more than `events` events, in order. */
  read(context: string, options: { readonly events: number; readonly limit: number }): Promise<readonly LogCheckpoint[]>;
  contexts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const DIGEST_START = '0'.repeat(64);
export const MARK = 8;
/** A checkpoint covers at most so many events more than the one before. */
export const MAX_COVERED = 1_000;

/** The digest of a context's events after one more: over the digest before, and the event's stream, revision and chain hash. */
export const nextDigest = (
  digest: string,
  { stream, revision, hash: chained }: Pick<StoredEvent, 'stream' | 'revision' | 'hash'>,
): string => hash('sha256', `${digest}|${chained}|${revision}|${stream}`, 'hex');

/** Signs and checks with the deployment's key; `id` is the JWK thumbprint of its public half. */
export interface CheckpointKey {
  readonly id: string;
  /** For whoever checks without being able to sign. */
  readonly publicJwk: Readonly<Record<'kty' | 'crv' | 'x' | 'y', string>>;
  sign(checkpoint: Omit<LogCheckpoint, 'keyId' | 'signature'>): LogCheckpoint;
  verify(checkpoint: LogCheckpoint): boolean;
}

/** The purpose of the secret in `keys` from which the key follows. */
export const CHECKPOINT_SECRET = 'log-checkpoints';

/** An ES256 key that follows from 32 secret bytes. */
export const checkpointKey = (secret: Uint8Array): CheckpointKey => {
  const pair = createECDH('prime256v1');
  for (let candidate = Buffer.from(secret); ; candidate = createHash('sha256').update(candidate).digest()) {
    try {
      pair.setPrivateKey(candidate);
      break;
    } catch {
      // One in 2³² is no scalar of the curve: the next one that follows from it.
    }
  }
  const point = pair.getPublicKey();
  const publicJwk = {
    crv: 'P-256',
    kty: 'EC',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const scalar = Buffer.alloc(32);
  const bytes = pair.getPrivateKey();
  bytes.copy(scalar, scalar.length - bytes.length);
  const d = scalar.toString('base64url');
  const privateKey = createPrivateKey({ key: { ...publicJwk, d }, format: 'jwk' });
  const publicKey = createPublicKey({ key: publicJwk, format: 'jwk' });
  const id = hash('sha256', JSON.stringify(publicJwk), 'base64url');
  const dsaEncoding = 'ieee-p1363';
  return {
    id,
    publicJwk,
    sign(checkpoint) {
      const signed = { ...checkpoint, keyId: id };
      const signature = sign('sha256', Buffer.from(canonicalJson(signed)), { key: privateKey, dsaEncoding });
      return { ...signed, signature: signature.toString('base64url') };
    },
    verify({ signature, ...signed }) {
      if (signed.keyId !== id) return false;
      const bytes = Buffer.from(signature, 'base64url');
      return verify('sha256', Buffer.from(canonicalJson(signed)), { key: publicKey, dsaEncoding }, bytes);
    },
  };
};
