import type { Plan } from './plan.ts';
import type { Step, StepKey } from './steps.ts';

/**
 * What every plan must keep, whatever the file: keys are unique, a step comes after the steps it depends on (on an earlier day, or
 * earlier in its chain), every order is closed, every task is completed, and no act is later than the day's clock. Returns what is wrong.
 */
export const checkPlan = (plan: Plan): readonly string[] => {
  const wrong: string[] = [];
  const doneBefore = new Set<StepKey>();
  const registered = new Set<string>();
  const openTasks = new Set<StepKey>();
  const openOrders = new Set<StepKey>();
  let clock = plan.begin;

  for (const day of plan.days()) {
    if (day.clock <= clock) wrong.push(`${day.date}: the clock does not advance`);
    clock = day.clock;
    const doneToday: StepKey[] = [];
    for (const { businessId, steps } of day.chains) {
      const inChain = new Set<StepKey>();
      for (const step of steps) {
        if (doneBefore.has(step.key) || inChain.has(step.key)) wrong.push(`${step.key} occurs twice`);
        if (step.at > day.clock) wrong.push(`${step.key} is later than the clock`);
        for (const need of needsOf(step)) if (!doneBefore.has(need) && !inChain.has(need)) wrong.push(`${step.key} comes before ${need}`);
        if (step.kind === 'registerBusiness') registered.add(step.businessId);
        if (!registered.has(businessId)) wrong.push(`${step.key} comes before the registration of ${businessId}`);
        if (step.kind === 'poolTask') openTasks.add(step.key);
        if (step.kind === 'completeTask') openTasks.delete(step.task);
        if (step.kind === 'issueOrder') openOrders.add(step.key);
        if (step.kind === 'reportCorrection' && !openOrders.has(step.order)) wrong.push(`${step.key}: the order is closed`);
        if (step.kind === 'recordRecheck' && (step.result === 'corrected' || step.suggestCase)) openOrders.delete(step.order);
        inChain.add(step.key);
      }
      doneToday.push(...inChain);
    }
    for (const key of doneToday) doneBefore.add(key);
  }
  for (const key of openTasks) wrong.push(`${key} is never completed`);
  for (const key of openOrders) wrong.push(`${key} is never closed`);
  return wrong;
};

/** The making steps that a step names. */
export const needsOf = (step: Step): readonly StepKey[] => {
  switch (step.kind) {
    case 'registerBusiness':
    case 'correctBusiness':
    case 'moveBusiness':
      return [];
    case 'poolTask':
      return step.recheckOf ? [step.recheckOf] : [];
    case 'dispatch':
    case 'assign':
    case 'accept':
    case 'startVisit':
      return [step.task];
    case 'recordItems':
    case 'completeVisit':
    case 'issueOrder':
    case 'correctOnTheSpot':
      return [step.visit];
    case 'reportCorrection':
      return [step.order];
    case 'recordRecheck':
      return [step.order, step.visit];
    case 'completeTask':
      return [step.task, step.visit];
  }
};
