/** How much of everything a run against servers does. */
export interface ClusterSize {
  readonly name: string;
  readonly tasks: number;
  readonly rounds: number;
  /** Commands that are followed by a question, and so many at a time. */
  readonly commands: number;
  readonly inFlight: number;
  /** For so long the idle services are watched. */
  readonly idleSeconds: number;
}

export const clusterSizes = {
  full: { name: 'full', tasks: 2_000, rounds: 3, commands: 400, inFlight: 4, idleSeconds: 20 },
  small: { name: 'small', tasks: 200, rounds: 2, commands: 100, inFlight: 4, idleSeconds: 5 },
} as const satisfies Readonly<Record<string, ClusterSize>>;
