// Checks the plan against the real city's file, which is read in place and is no part of the project.
//   node tools/replay/src/real.check.ts ../shared/data/inspections/chicago-2011-09--2014-08.csv
import assert from 'node:assert/strict';
import { createPlan, expectedCounts, planCounts, readCity, readRows, replayCityFolder, stepCounts } from './index.ts';
import { checkPlan } from './plan-check.ts';

const file = process.argv[2];
if (!file) throw new Error('name the file of inspections');

let passed = 0;
const check = (name: string, actual: unknown, expected: unknown): void => {
  assert.deepEqual(actual, expected, name);
  passed++;
};

const started = performance.now();
const { rows, bad } = await readRows(file);
const city = readCity(replayCityFolder);
const plan = createPlan({ rows, seed: 'sanwang', timeZone: city.timeZone, calendar: city.calendar });
const planned = performance.now();

const counts = expectedCounts(rows);
check('bad rows', bad, []);
check('rows', counts.rows, 24_518);
check('visits', counts.visits, { pass: 16_449, fail: 4_823, 'pass-with-conditions': 3_246 });
check('businesses', counts.businesses, 11_822);
check('violated items', counts.items.total, 101_473);
check('missing', counts.missing, { ward: 2_669, coordinates: 97, inspector: 7_443, facilityType: 30 });
check('failed without item', counts.failedWithoutItem, 122);

const { derived, policy } = planCounts(plan);
check(
  'every row placed',
  Object.values(derived.wards).reduce((sum, n) => sum + n),
  24_518,
);
const steps = stepCounts(plan);
check('registered', steps.get('registerBusiness'), 11_822);
check('visits of the file and of the policy', steps.get('completeVisit'), 24_518 + Object.values(policy.work).reduce((sum, n) => sum + n));
check('what a plan must keep', checkPlan(plan), []);

console.log(JSON.stringify({ file: counts, derived, policy, steps: Object.fromEntries(steps) }, null, 2));
console.log(`${plan.firstDay} to ${plan.lastDay}; ${[...steps.values()].reduce((sum, n) => sum + n)} steps`);
console.log(`planned in ${Math.round(planned - started)} ms, gone through in ${Math.round(performance.now() - planned)} ms`);
console.log(`${passed} passed`);
