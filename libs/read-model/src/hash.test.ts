import { expect, it } from 'vitest';
import { modelHash } from './hash.ts';
import type { Document } from './port.ts';

async function* documents(...docs: readonly Document[]) {
  for (const [index, doc] of docs.entries()) yield { id: `d${index}`, doc };
}
const hash = async (...docs: readonly Document[]): Promise<string> =>
  (await modelHash({ notHashed: ['recordedAt'], opens: ['sample.Opened'] }, documents(...docs))).hash;

it('does not depend on the order of fields, nor on absent ones', async () => {
  expect(await hash({ a: 1, b: { c: [1, { e: 2, f: 3 }] } })).toBe(await hash({ b: { c: [1, { f: 3, e: 2 }] }, a: 1, x: undefined }));
});

it('depends on values, on their order in lists, and on the number of documents', async () => {
  const hashes = [
    await hash({ a: [1, 2] }),
    await hash({ a: [2, 1] }),
    await hash({ a: ['1', 2] }),
    await hash({ a: [1, 2] }, {}),
    await hash(),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

it('takes erased fields as one marker and leaves out what the model leaves out', async () => {
  const doc = (subject: string, recordedAt: string) => ({ contact: { subject, erased: true }, recordedAt });
  expect(await hash(doc('person.1', 'x'))).toBe(await hash(doc('person.2', 'y')));
  expect(await hash(doc('person.1', 'x'))).not.toBe(await hash({ contact: { subject: 'person.1', value: 'x' } }));
});
