import type { Instant } from './clock.ts';
import type { DomainEvent } from './event.ts';

/**
 * A decider: three pure parts. `decide` answers a command with the events that follow (`[]`: nothing new) or throws a
 * `Rejection`; `evolve` folds an event into the state. Time, ids and facts from elsewhere come inside the command.
 */
export interface Decider<Command, Event extends DomainEvent, State> {
  readonly initial: State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}

/** Sets, moves (set again) or cancels the timer `name` of the stream on which the event was recorded. */
export type TimerChange = { readonly name: string; readonly due: Instant } | { readonly name: string; readonly cancel: true };

/** A decider with its place in the log: streams are named `<context>.<name>-<id>`. */
export interface Aggregate<Command, Event extends DomainEvent, State> extends Decider<Command, Event, State> {
  readonly context: string;
  readonly name: string;
  /** What an event does to the timers of its stream. The log alone tells which timers stand. */
  timers?(event: Event): readonly TimerChange[];
  /** The command that a timer sends when it is due; `due` is its instant, and the event's time of occurrence. */
  onTimer?(name: string, due: Instant): Command;
}

export const streamName = (aggregate: { readonly context: string; readonly name: string }, id: string): string =>
  `${aggregate.context}.${aggregate.name}-${id}`;

/** The parts of a stream name; the id may itself contain `-` and `.`. */
export const parseStream = (stream: string): { context: string; aggregate: string; id: string } => {
  const dot = stream.indexOf('.');
  const dash = stream.indexOf('-', dot);
  if (dot < 1 || dash < 0) throw new Error(`not a stream name: ${stream}`);
  return { context: stream.slice(0, dot), aggregate: stream.slice(dot + 1, dash), id: stream.slice(dash + 1) };
};

/** Folds a history from the initial state. */
export const fold = <Event extends DomainEvent, State>(
  decider: Pick<Decider<never, Event, State>, 'initial' | 'evolve'>,
  events: Iterable<Event>,
): State => {
  let state = decider.initial;
  for (const event of events) state = decider.evolve(state, event);
  return state;
};
