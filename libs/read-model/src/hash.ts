import { createHash } from 'node:crypto';
import { canonicalJson, isErased } from '@sanwang/kernel';
import { mapDocument } from './personal.ts';
import type { Document, ModelDefinition } from './port.ts';

/** What two copies of a model are compared by. */
export interface ModelHash {
  /** SHA-256 in hex. */
  readonly hash: string;
  readonly documents: number;
}

const ERASED = { erased: true };

/**
 * Hashes a model: its documents in id order in canonical JSON, personal fields opened, erased ones as one marker, without
 * the fields that the model leaves out.
 */
export const modelHash = async (
  definition: Pick<ModelDefinition, 'notHashed' | 'opens'>,
  documents: AsyncIterable<{ readonly id: string; readonly doc: Document }>,
): Promise<ModelHash> => {
  const hash = createHash('sha256');
  const left = definition.notHashed ?? [];
  let count = 0;
  for await (const { id, doc } of documents) {
    let hashed = left.length > 0 ? { ...doc, ...Object.fromEntries(left.map((field) => [field, undefined])) } : doc;
    if (definition.opens?.length) hashed = mapDocument(hashed, (node) => (isErased(node) ? ERASED : undefined));
    hash.update(`${JSON.stringify(id)} ${canonicalJson(hashed)}\n`);
    count++;
  }
  return { hash: hash.digest('hex'), documents: count };
};
