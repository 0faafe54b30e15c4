import { forbiddenByState, type Aggregate, type Instant } from '@sanwang/kernel';
import type { ClockEvent } from './events.ts';

/** Moves the simulated clock. Facts: the deployment's mode (absent: not begun) and the clock as it stands. */
export interface AdvanceClock {
  readonly type: 'advance';
  readonly to: Instant;
  readonly mode: 'live' | 'simulation' | undefined;
  readonly now: Instant;
}
/** The last instant recorded in this month's stream. */
export interface ClockState {
  readonly at?: Instant;
}

/** One stream per simulated month keeps streams short; the id of the stream that an instant belongs to. */
export const clockId = (to: Instant): string => to.slice(0, 7);

export const clock: Aggregate<AdvanceClock, ClockEvent, ClockState> = {
  context: 'directory',
  name: 'Clock',
  initial: {},
  decide(command, state) {
    if (command.mode !== 'simulation') throw forbiddenByState('not-a-simulation', 'Only the clock of a simulation can be advanced.');
    const now = state.at !== undefined && state.at > command.now ? state.at : command.now;
    if (command.to === now) return [];
    if (command.to < now) throw forbiddenByState('clock-behind', `The clock stands at ${now} and does not go back.`, { now });
    return [{ type: 'ClockAdvanced', data: { to: command.to } }];
  },
  evolve: (_state, event) => ({ at: event.data.to }),
};
