import { afterAll, beforeAll, expect, test } from 'vitest';
import { crashSchedule, foundedFolder } from './crash.ts';
import { removeFolder } from './platform.ts';

let from = '';
beforeAll(async () => void (from = await foundedFolder()));
afterAll(() => removeFolder(from));

// Ten schedules, two at a time; `main.ts --seed N` runs one again.
test.each([1, 3, 5, 7, 9])(
  'keeps every acknowledged command once, and models equal, when killed at any point (seeds %i and the next)',
  { timeout: 60_000 },
  async (seed) => {
    const reports = await Promise.all([seed, seed + 1].map((each) => crashSchedule({ from, seed: each, lives: 8, kills: 2 })));
    for (const { seed: used, kills, faults } of reports) {
      expect(faults, `seed ${used}`).toEqual([]);
      expect(kills, `seed ${used}`).toBeGreaterThan(0);
    }
  },
);
