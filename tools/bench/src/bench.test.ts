import { expect, test } from 'vitest';
import { benchIds, reportHeader, reportRows, reportSchema, runBench, sizes } from './index.ts';

test('every measure runs at a tiny size and its report fits the schema', { timeout: 120_000 }, async () => {
  const steps: string[] = [];
  const report = await runBench({ size: sizes.tiny, onStep: (step) => steps.push(step) });

  expect(() => reportSchema.parse(JSON.parse(JSON.stringify(report)))).not.toThrow();
  expect(new Set(report.figures.map(({ id }) => id))).toEqual(new Set(benchIds));
  for (const { name, value } of report.figures) expect(value, name).toBeGreaterThan(0);
  for (const row of reportRows(report)) expect(row).toHaveLength(reportHeader.length);
  expect(steps.length).toBeGreaterThan(0);
});
