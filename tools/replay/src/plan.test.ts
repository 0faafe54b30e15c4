import { localDateOf } from '@sanwang/statutory';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkPlan } from './plan-check.ts';
import {
  createPlan,
  expectedCounts,
  planCounts,
  readCity,
  readRows,
  replayCityFolder,
  replayOfficers,
  sampleFile,
  stepCounts,
  type Plan,
  type Row,
  type Step,
} from './index.ts';

const city = readCity(replayCityFolder);
const planOf = (rows: readonly Row[], seed = 'test'): Plan => createPlan({ rows, seed, timeZone: city.timeZone, calendar: city.calendar });
const stepsOf = (plan: Plan): Step[] => [...plan.days()].flatMap((day) => day.chains.flatMap((chain) => chain.steps));

let rows: readonly Row[];
let plan: Plan;
let steps: readonly Step[];
beforeAll(async () => {
  const read = await readRows(sampleFile);
  expect(read.bad).toEqual([]);
  rows = read.rows;
  plan = planOf(rows);
  steps = stepsOf(plan);
});

describe('the plan of the made-up city', () => {
  it('keeps its order: makes before it uses, closes every order, completes every task', () => {
    expect(checkPlan(plan)).toEqual([]);
  });

  it("has the file's visits, and its own apart", () => {
    const file = expectedCounts(rows);
    const counts = stepCounts(plan);
    const own = planCounts(plan).policy.work;
    expect(counts.get('registerBusiness')).toBe(file.businesses);
    expect(counts.get('completeVisit')).toBe(file.rows + own.recheck + own.complaint + own.risk + own.revisit);
    const ofFile = new Set(plan.work.filter((work) => work.kind === 'routine').map((work) => `${work.id}:completeVisit`));
    const results = steps.flatMap((step) => (step.kind === 'completeVisit' && ofFile.has(step.key) ? [step.result] : []));
    expect(results.filter((result) => result === 'fail')).toHaveLength(file.visits.fail);
    expect(results).toHaveLength(file.rows);
  });

  it('gives every violated item of the file as violated, and answers every item of the form', () => {
    let violated = 0;
    for (const step of steps) {
      if (step.kind !== 'recordItems' || step.key.includes('.')) continue;
      expect(step.answers).toHaveLength(45);
      violated += step.answers.filter((answer) => answer.result === 'violates').length;
    }
    expect(violated).toBe(expectedCounts(rows).items.total);
  });

  it('is the same for the same seed and another for another', () => {
    expect(stepsOf(planOf(rows))).toEqual(steps);
    const other = stepsOf(planOf(rows, 'other'));
    expect(other).not.toEqual(steps);
    expect(checkPlan(planOf(rows, 'other'))).toEqual([]);
  });

  it('gives a day on its own exactly as in the row of days, so that a replay can resume there', () => {
    const days = [...plan.days()];
    const resumed = planOf(rows);
    const middle = days[Math.floor(days.length / 2)]!.date;
    expect([...resumed.days(middle)]).toEqual(days.filter((day) => day.date >= middle));
    expect(resumed.day('2012-03-04')).toMatchObject({ date: '2012-03-04', chains: [] });
  });

  it('finds every making step again by its key', () => {
    for (const step of steps)
      if (/(registerBusiness|poolTask|startVisit|issueOrder)$/.test(step.key)) expect(plan.step(step.key)).toEqual(step);
    expect(plan.step('row-0:poolTask')).toBeUndefined();
    expect(plan.step('local.chi.0:registerBusiness')).toBeUndefined();
  });

  it('has one chain per business and day', () => {
    for (const { chains } of plan.days()) expect(new Set(chains.map((chain) => chain.businessId)).size).toBe(chains.length);
  });

  it('visits on the date of the row, within working hours, by two different officers of one unit', () => {
    const officers = new Map(replayOfficers('test').map((officer) => [officer.id, officer]));
    for (const [index, row] of rows.entries()) {
      const step = plan.step(`row-${row.inspectionId}:startVisit`);
      if (step?.kind !== 'startVisit') throw new Error(`no visit for ${row.inspectionId}`);
      expect(localDateOf(step.startedAt, city.timeZone)).toBe(row.date);
      const [lead, second] = step.officers.map((id) => officers.get(id)!);
      expect(lead!.id).not.toBe(second!.id);
      expect([lead!.unit, second!.unit]).toEqual([lead!.unit, lead!.unit]);
      for (const officer of [lead!, second!])
        expect(officer.certificate!.validFrom <= row.date && row.date <= officer.certificate!.validTo).toBe(true);
      const ward = plan.placed[index]!.ward;
      expect(lead!.unit).toBe(ward === undefined ? 'chi' : `chi-ward-${String(ward).padStart(2, '0')}`);
    }
  });

  it('lets the same colour in the same ward lead by the same officer', () => {
    const leads = new Map<string, Set<string>>();
    for (const [index, row] of rows.entries()) {
      if (row.inspector === undefined) continue;
      const key = `${plan.placed[index]!.ward} ${row.inspector}`;
      const step = plan.step(`row-${row.inspectionId}:accept`)!;
      leads.set(key, (leads.get(key) ?? new Set()).add(step.actor));
    }
    expect([...leads.values()].every((officers) => officers.size === 1)).toBe(true);
  });

  it('gives a reason to every result that does not follow, and to no other', () => {
    const reasons = plan.work.filter((work) => work.reason !== undefined);
    expect(reasons).toHaveLength(planCounts(plan).derived.reasons);
    expect(reasons.filter((work) => work.violated.length === 0 && work.result === 'fail')).toHaveLength(
      expectedCounts(rows).failedWithoutItem,
    );
  });

  it('reports a correction in time on or before the limit, and a late one only after it', () => {
    const seen = new Set<string>();
    for (const { order } of plan.work) {
      if (!order) continue;
      seen.add(order.outcome);
      for (const [index, { dueOn, reportedOn, recheckedOn, result }] of order.rounds.entries()) {
        if (reportedOn === undefined) expect([order.outcome, result]).toEqual(['never', 'not-corrected']);
        else expect(reportedOn <= dueOn).toBe(!(order.outcome === 'late' && index === 0));
        if (reportedOn === undefined) expect(recheckedOn > dueOn).toBe(true);
      }
      expect(order.rounds).toHaveLength(order.outcome === 'second-limit' ? 2 : 1);
    }
    expect(seen).toEqual(new Set(['in-time', 'late', 'second-limit', 'never']));
  });

  it('corrects and moves businesses on the day their row finds it', () => {
    const { derived } = planCounts(plan);
    expect(stepCounts(plan).get('correctBusiness')).toBe(derived.renamed);
    expect(stepCounts(plan).get('moveBusiness')).toBe(derived.moved);
    expect(derived.renamed * derived.moved).toBeGreaterThan(0);
  });
});

describe('a plan', () => {
  it('refuses to reckon into a year that the calendar does not have', () => {
    expect(() => planOf([{ ...rows[0]!, date: '2015-12-30', result: 'fail', items: [3] }])).toThrowError(/us-chicago: the year 2016/);
  });

  it('refuses to be made of nothing', () => {
    expect(() => planOf([])).toThrowError(/no row/);
  });

  it('works off two visits of one licence on one day one after the other', () => {
    const twice = [
      { ...rows[0]!, inspectionId: '1' },
      { ...rows[0]!, inspectionId: '2', name: 'Another name' },
    ];
    const both = planOf(twice);
    expect(checkPlan(both)).toEqual([]);
    const chain = both.day(rows[0]!.date).chains.find((one) => one.steps.some((step) => step.key === 'row-2:correctBusiness'))!;
    const keys = chain.steps.map((step) => step.key);
    expect(keys.indexOf('row-1:completeTask')).toBeLessThan(keys.indexOf('row-2:correctBusiness'));
  });
});
