import { Rejection, type Instant } from '@sanwang/kernel';
import { every, type Readiness } from '@sanwang/service';

/** Whether this machine's clock agrees with that of the database's server. */
export interface ClockWatch {
  /** `unavailable/clock-skew` while the clocks are too far apart. */
  obstacle(): Rejection | undefined;
  readiness(): Readiness['parts'][number];
}

/** Clocks may be so far apart, ms: limits and tokens count in minutes. */
const MAX_SKEW_MS = 60_000;
const EVERY_MS = 10_000;

/** Compares the clocks at once and then from time to time; while the server cannot be asked, what was found last counts. */
export const watchClock = async (serverClock: () => Promise<Instant>, signal: AbortSignal): Promise<ClockWatch> => {
  let skew = 0;
  const compare = async (): Promise<void> => {
    const sent = Date.now();
    const there = Date.parse(await serverClock());
    skew = Math.round(there - (sent + Date.now()) / 2);
  };
  await compare();
  void every(EVERY_MS, signal, compare);
  const isOff = (): boolean => Math.abs(skew) > MAX_SKEW_MS;
  const message = (): string =>
    `This machine's clock is ${Math.round(Math.abs(skew) / 1_000)} s ${skew > 0 ? 'behind' : 'ahead of'} the database server's.`;
  return {
    obstacle: () => (isOff() ? new Rejection('unavailable', 'clock-skew', message()) : undefined),
    readiness: () => ({ name: 'clock', ready: !isOff(), message: isOff() ? message() : 'agrees with the database server' }),
  };
};
