/** An instant, RFC 3339 in UTC with milliseconds: `2026-11-23T08:00:00.000Z`. Instants compare as strings. */
export type Instant = string;

/** Where "now" comes from: the wall, or the simulated clock of a simulation's log. */
export interface Clock {
  now(): Instant;
}

/** The machine's clock. */
export const wallClock: Clock = { now: () => new Date().toISOString() };

/** A clock that stands still until it is set. For tests. */
export const fixedClock = (at: Instant): Clock & { set(at: Instant): void } => {
  let current = at;
  return { now: () => current, set: (next) => void (current = next) };
};
