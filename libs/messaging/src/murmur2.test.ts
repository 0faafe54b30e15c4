import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './murmur2.ts';

/** From Apache Kafka's UtilsTest. */
const vectors: readonly (readonly [string, number])[] = [
  ['', 275646681],
  ['21', -973932308],
  ['abc', 479470107],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
];

describe('murmur2', () => {
  it.each(vectors)("gives Kafka's hash of %j", (text, expected) => {
    expect(murmur2(new TextEncoder().encode(text))).toBe(expected);
  });
});

describe('partitionOf', () => {
  it("takes a negative hash as Kafka's toPositive does", () => {
    expect(partitionOf('foobar', 50)).toBe(16);
    expect(partitionOf('21', 16)).toBe((-973932308 & 0x7fffffff) % 16);
  });

  it('hashes the UTF-8 of the key', () => {
    expect(partitionOf('patrol.Task-面馆', 1_000)).toBe((murmur2(Buffer.from('patrol.Task-面馆', 'utf8')) & 0x7fffffff) % 1_000);
  });

  it('spreads stream ids over all sixteen partitions', () => {
    const counts = new Array<number>(16).fill(0);
    for (let index = 0; index < 16_000; index++) counts[partitionOf(`registration.Business-local.chi.${index}`)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});
