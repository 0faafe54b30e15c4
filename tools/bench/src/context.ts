import type { Child } from './child.ts';
/** How much of everything a run does. */
export interface BenchSize {
  readonly name: string;
  /** Tasks in the log before the measures, and before P10's second part. */
  readonly tasks: number;
  readonly manyTasks: number;
  readonly rounds: number;
  /** Commands (a multiple of 4) or queries of one round. */
  readonly commands: number;
  readonly queries: number;
  readonly appends: number;
  /** Events in the two logs of P6, and appends of one of its rounds: `(rounds + 1) × appends` is less than a quarter of `few`. */
  readonly growth: { readonly few: number; readonly many: number; readonly appends: number };
  /** Of the model whose lists and searches are measured without a platform. */
  readonly documents: number;
  /** Of an open loop, and of a round of lifecycles. */
  readonly seconds: number;
  /** The idle platform is left alone for so long before its memory is read. */
  readonly idleSeconds: number;
}

export const sizes = {
  full: {
    name: 'full',
    tasks: 10_000,
    manyTasks: 100_000,
    rounds: 5,
    commands: 4_000,
    queries: 1_000,
    appends: 20_000,
    growth: { few: 100_000, many: 10_000_000, appends: 4_000 },
    documents: 1_000_000,
    seconds: 12,
    idleSeconds: 5,
  },
  small: {
    name: 'small',
    tasks: 400,
    manyTasks: 1_200,
    rounds: 3,
    commands: 800,
    queries: 200,
    appends: 4_000,
    growth: { few: 10_000, many: 1_000_000, appends: 600 },
    documents: 10_000,
    seconds: 2,
    idleSeconds: 2,
  },
  tiny: {
    name: 'tiny',
    tasks: 20,
    manyTasks: 40,
    rounds: 1,
    commands: 16,
    queries: 4,
    appends: 128,
    growth: { few: 1_000, many: 10_000, appends: 64 },
    documents: 40,
    seconds: 0.2,
    idleSeconds: 0.2,
  },
} as const satisfies Readonly<Record<string, BenchSize>>;

export const IN_FLIGHT = 64;

/** The CPU seconds that a process spends while `work` runs. */
export const cpuOf = async (process: Pick<Child<Readonly<Record<never, never>>>, 'cpu'>, work: () => Promise<unknown>): Promise<number> => {
  const before = await process.cpu();
  await work();
  return (await process.cpu()) - before;
};
