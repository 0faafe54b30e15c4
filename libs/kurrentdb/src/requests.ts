import { LOG_START, type SealedEvent, type StreamVersion } from '@sanwang/event-store';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { AppendRequest } from './appends.ts';
import type { ReadRequest } from './connection.ts';
import { toProposed } from './record.ts';

const { ReadReq, BatchAppendReq } = streams;
const { FORWARDS, BACKWARDS } = ReadReq.Options.ReadDirection;

type ReadOptions = InstanceType<typeof ReadReq.Options>;
export type Direction = 'forward' | 'backward';

/** A place in KurrentDB's log. An event of ours stands at one where the two are equal; a checkpoint may lie between events. */
export interface Place {
  readonly commit: number;
  readonly prepare: number;
}
/** Where an event with this position stands; `undefined` before the first. */
export const placeOf = (position: number): Place | undefined =>
  position === LOG_START ? undefined : { commit: position, prepare: position };

/** Events that the server looks at before it tells how far it is, where none of them passes the filter. */
const CHECKPOINT_EVERY = 500;

const none = (): InstanceType<typeof shared.Empty> => new shared.Empty();
const identifier = (stream: string): InstanceType<typeof shared.StreamIdentifier> =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

const options = (direction: Direction): ReadOptions =>
  new ReadReq.Options()
    .setReadDirection(direction === 'forward' ? FORWARDS : BACKWARDS)
    .setResolveLinks(false)
    .setUuidOption(new ReadReq.Options.UUIDOption().setString(none()));

/** Reads from a revision, which is delivered too; without one from the beginning or the end. */
export const readStreamRequest = (stream: string, direction: Direction, from: number | undefined, count: number): ReadRequest => {
  const of = new ReadReq.Options.StreamOptions().setStreamIdentifier(identifier(stream));
  if (from !== undefined) of.setRevision(String(from));
  else if (direction === 'forward') of.setStart(none());
  else of.setEnd(none());
  return new ReadReq().setOptions(options(direction).setStream(of).setNoFilter(none()).setCount(String(count)));
};

/** `''` takes the streams of every context, and with them nothing of KurrentDB's own. */
const filter = (prefix: string): InstanceType<typeof ReadReq.Options.FilterOptions> => {
  if (prefix !== '' && !/^[a-z][a-z0-9-]*\.$/.test(prefix)) throw new Error(`a prefix is '' or '<context>.', not '${prefix}'`);
  const expression = new ReadReq.Options.FilterOptions.Expression();
  if (prefix === '') expression.setRegex('^[a-z][a-z0-9-]*\\.');
  else expression.addPrefix(prefix);
  return new ReadReq.Options.FilterOptions().setStreamIdentifier(expression).setMax(CHECKPOINT_EVERY).setCheckpointintervalmultiplier(1);
};

const all = (from: Place | 'start' | 'end'): InstanceType<typeof ReadReq.Options.AllOptions> => {
  const of = new ReadReq.Options.AllOptions();
  if (from === 'start') return of.setStart(none());
  if (from === 'end') return of.setEnd(none());
  return of.setPosition(new ReadReq.Options.Position().setCommitPosition(String(from.commit)).setPreparePosition(String(from.prepare)));
};

/** Reads the log's events of a prefix from a place, where one stands there too. */
export const readAllRequest = (
  prefix: string | 'unfiltered',
  direction: Direction,
  from: Place | 'start' | 'end',
  count: number,
): ReadRequest => {
  const read = options(direction).setAll(all(from)).setCount(String(count));
  return new ReadReq().setOptions(prefix === 'unfiltered' ? read.setNoFilter(none()) : read.setFilter(filter(prefix)));
};

/** Follows the log's events of a prefix that stand after a place. */
export const subscribeRequest = (prefix: string, after: Place | undefined): ReadRequest =>
  new ReadReq().setOptions(
    options('forward')
      .setAll(all(after ?? 'start'))
      .setSubscription(new ReadReq.Options.SubscriptionOptions())
      .setFilter(filter(prefix)),
  );

/** The events of one append go in one message and are one write in the log: all or none. */
export const appendRequest = (stream: string, expected: StreamVersion | 'no-stream', events: readonly SealedEvent[]): AppendRequest => {
  const options = new BatchAppendReq.Options().setStreamIdentifier(identifier(stream));
  // No deadline for the server: older ones take it as a time of day only, and clocks differ.
  if (expected === 'no-stream') options.setNoStream(none());
  else options.setStreamPosition(String(expected.revision));
  return new BatchAppendReq().setOptions(options).setProposedMessagesList(events.map(toProposed)).setIsFinal(true);
};

export const withCorrelation = (request: AppendRequest, id: string): AppendRequest =>
  request.setCorrelationId(new shared.UUID().setString(id));
