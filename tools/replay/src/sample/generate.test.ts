import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sampleFile } from '../city.ts';
import { readRows, type Row } from '../rows.ts';
import { generateSample } from './generate.ts';

it('the file of the made-up city is what the generator writes', () => {
  expect(readFileSync(sampleFile, 'utf8')).toBe(generateSample());
});

describe('the made-up city has the oddities of a real one', () => {
  let rows: readonly Row[];
  beforeAll(async () => {
    rows = (await readRows(sampleFile)).rows;
  });

  it.each<[string, (row: Row) => boolean]>([
    ['rows without a ward', (row) => row.ward === undefined],
    ['rows without coordinates', (row) => row.coordinates === undefined],
    ['rows without an inspector', (row) => row.inspector === undefined],
    ['rows without a kind of place', (row) => row.facilityType === undefined],
    ['rows without a type', (row) => row.inspectionType === undefined],
    ['failed visits without an item', (row) => row.result === 'fail' && row.items.length === 0],
    ['visits that pass with a critical item', (row) => row.result === 'pass' && row.items.some((item) => item <= 14)],
    ['Chinese names', (row) => /\p{Script=Han}/u.test(row.name)],
    ['names with a comma', (row) => row.name.includes(',')],
  ])('%s', (_, has) => {
    expect(rows.filter(has).length).toBeGreaterThan(0);
  });

  it('other names, other addresses, and two visits of one licence on one day', () => {
    const groups = [...Map.groupBy(rows, (row) => row.licence).values()];
    expect(groups.some((group) => new Set(group.map((row) => row.name)).size > 1)).toBe(true);
    expect(groups.some((group) => new Set(group.map((row) => row.address)).size > 1)).toBe(true);
    expect(groups.some((group) => new Set(group.map((row) => row.date)).size < group.length)).toBe(true);
  });

  it('every ward', () => {
    expect(new Set(rows.flatMap((row) => row.ward ?? [])).size).toBe(50);
  });
});
