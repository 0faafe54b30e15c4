import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { invalid, Rejection } from '@sanwang/kernel';

/** Whoever holds the master key: what it wrapped can be kept beside other data. Failures that may pass are `unavailable`. */
export interface Kms {
  wrap(bytes: Uint8Array): Promise<Uint8Array>;
  /** Fails with `unavailable/master-key-missing` when another master key wrapped it, `data-loss/wrapped-key-damaged` when it was altered. */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

const VERSION = 1;
const ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + IV_BYTES;
const KEY_BYTES = 32;

const idOf = (master: Uint8Array): Buffer =>
  createHash('sha256').update('sanwang master key\n').update(master).digest().subarray(0, ID_BYTES);

/**
 * Wraps with a master key (32 bytes, AES-256-GCM) held by this process. What is wrapped says in its head with which one, so the
 * master key can be exchanged: give the former ones too, and what they wrapped still opens; new keys are wrapped with the first.
 */
export const localKms = (masterKey: Uint8Array, ...former: readonly Uint8Array[]): Kms => {
  const masters = [masterKey, ...former];
  if (masters.some(({ length }) => length !== KEY_BYTES)) throw invalid('master-key', 'masterKey', `a key of ${KEY_BYTES} bytes`);
  const byId = new Map(masters.map((master) => [idOf(master).toString('hex'), master]));
  const currentId = idOf(masterKey);
  return {
    async wrap(bytes) {
      const head = Buffer.concat([Uint8Array.of(VERSION), currentId, randomBytes(IV_BYTES)]);
      const cipher = createCipheriv('aes-256-gcm', masterKey, head.subarray(-IV_BYTES)).setAAD(head);
      return Buffer.concat([head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    async unwrap(wrapped) {
      const bytes = Buffer.from(wrapped);
      const head = bytes.subarray(0, HEAD_BYTES);
      const damaged = (cause?: unknown): Rejection =>
        new Rejection('data-loss', 'wrapped-key-damaged', 'A key in the key store was altered and cannot be opened.', { cause });
      if (bytes.length < HEAD_BYTES + TAG_BYTES || head[0] !== VERSION) throw damaged();
      const id = head.subarray(1, 1 + ID_BYTES).toString('hex');
      const master = byId.get(id);
      if (!master) {
        throw new Rejection(
          'unavailable',
          'master-key-missing',
          `A key in the key store needs the master key ${id}, which was not given.`,
          {
            facts: { masterKey: id },
          },
        );
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', master, head.subarray(-IV_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(head)
          .setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch (cause) {
        throw damaged(cause);
      }
    },
  };
};
