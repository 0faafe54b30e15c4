import { posts, type Chain, type DayPlan, type Plan } from '@sanwang/replay';
import { localDateOf } from '@sanwang/statutory';
import { persist } from './clients.ts';
import { setUp, type Setup } from './setup.ts';
import { stepSender, type StepSender } from './step.ts';

/** Chains of a day that are under way at once. */
const PARALLEL = 64;

export interface Driven {
  readonly resumed: boolean;
  /** False when it was interrupted. */
  readonly finished: boolean;
  readonly steps: number;
  readonly seconds: number;
}

const carryOut = async (chains: readonly Chain[], sender: StepSender, signal: AbortSignal, onStep: () => void): Promise<void> => {
  const queue = chains.values();
  const worker = async (): Promise<void> => {
    for (const { steps } of queue) {
      const tokens: string[] = [];
      for (const step of steps) {
        if (signal.aborted) return;
        await sender.send(step, tokens);
        onStep();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, chains.length) }, worker));
};

/** Steps of the days that a resumed replay does not go through again. */
const stepsBefore = (plan: Plan, from: string): number => {
  let count = 0;
  for (const { date, chains } of plan.days()) {
    if (date >= from) break;
    for (const { steps } of chains) count += steps.length;
  }
  return count;
};

/**
 * Drives a plan through the platform day by day: the clock goes to the day, the day's chains run in parallel, everything settles.
 * It begins at the platform's clock day, so an interrupted replay goes on where it stopped.
 */
export const drive = async (setup: Setup, onProgress: (day: string, steps: number, before: number) => void): Promise<Driven> => {
  const { clients, plan, city, fingerprint, signal } = setup;
  const started = performance.now();
  let steps = 0;
  const end = (finished: boolean, resumed: boolean): Driven => ({
    resumed,
    finished,
    steps,
    seconds: (performance.now() - started) / 1000,
  });

  const { resumed } = await setUp(setup);
  const operator = await clients(posts.operator);
  const { clock } = await operator.operations.getStatus({});
  const from = localDateOf(clock ?? plan.begin, city.timeZone);
  const sender = stepSender(plan, clients, fingerprint, signal);
  const advance = (day: DayPlan, to: string): Promise<unknown> =>
    persist(
      () => operator.simulation.advanceClock({ to }, { idempotencyKey: `${fingerprint}-clock-${day.date}-${to}`, timeoutMs: 60_000 }),
      signal,
    );

  const before = stepsBefore(plan, from);
  let last: DayPlan | undefined;
  for (const day of plan.days(from)) {
    if (signal.aborted) return end(false, resumed);
    onProgress(day.date, steps, before);
    await advance(day, day.clock);
    await carryOut(day.chains, sender, signal, () => onProgress(day.date, ++steps, before));
    last = day;
  }
  if (signal.aborted) return end(false, resumed);
  // The same instant again: nothing is appended, and the answer comes when everything has settled.
  if (last) await advance(last, last.clock);
  return end(true, resumed);
};
