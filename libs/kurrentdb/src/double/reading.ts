import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerWritableStream, StatusObject } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { checkpointAnswer, eventAnswer, failure, identifier, invalid, streamDeleted } from './answers.ts';
import type { DoubleLog, LogRecord } from './log.ts';
import type { Writing } from './writing.ts';

const { ReadReq, ReadResp } = streams;
type Request = InstanceType<typeof ReadReq>;
type Options = InstanceType<typeof ReadReq.Options>;
type Answer = InstanceType<typeof ReadResp>;
export type ReadCall = ServerWritableStream<Request, Answer>;

const PAGE = 500;

/** Thrown to end a read with a status. */
class Refused extends Error {
  readonly answer: StatusObject;
  constructor(answer: StatusObject) {
    super(answer.details);
    this.answer = answer;
  }
}

const filterOf = (options: Options): { passes(record: LogRecord): boolean; readonly window: number; readonly interval: number } => {
  const filter = options.getFilter();
  if (!filter) {
    if (!options.hasNoFilter()) throw new Refused(invalid(`'FILTER_OPTION_NOT_SET' is not a valid filter option`));
    return { passes: () => true, window: PAGE, interval: Infinity };
  }
  if (!filter.hasMax() && !filter.hasCount()) throw new Refused(invalid('a filter needs a window'));
  if (filter.hasMax() && filter.getMax() === 0) throw new Refused(invalid('the search window must be greater than 0'));
  if (filter.getCheckpointintervalmultiplier() === 0)
    throw new Refused(invalid('the checkpoint interval multiplier must be greater than 0'));
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  if (!expression) throw new Refused(invalid('a filter needs an expression'));
  const of = (record: LogRecord): string => (filter.hasStreamIdentifier() ? record.stream : record.type);
  const prefixes = expression.getPrefixList();
  const regex = new RegExp(expression.getRegex());
  const window = filter.hasMax() ? filter.getMax() : PAGE;
  return {
    passes: (record) => (prefixes.length > 0 ? prefixes.some((prefix) => of(record).startsWith(prefix)) : regex.test(of(record))),
    window,
    interval: window * filter.getCheckpointintervalmultiplier(),
  };
};

/** `Streams/Read` over the double's log: streams and all, both ways, filtered, and subscriptions to all. */
export const createReading = (log: DoubleLog, writing: Writing) => {
  /** Hands answers over, and waits until the client has taken them before the next are read. */
  const send = async (call: ReadCall, answers: readonly Answer[]): Promise<void> => {
    let taken = true;
    for (const answer of answers) if (!call.cancelled) taken = call.write(answer);
    if (taken || call.cancelled) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        call.off('drain', done).off('cancelled', done).off('close', done);
        resolve();
      };
      call.on('drain', done).on('cancelled', done).on('close', done);
    });
  };
  const countOf = (options: Options): number => {
    const count = Number(options.getCount());
    if (count === 0) throw new Refused(invalid('the count must be greater than 0'));
    return count;
  };

  const readStream = async (call: ReadCall, options: Options): Promise<void> => {
    const of = options.getStream()!;
    const stream = Buffer.from(of.getStreamIdentifier()!.getStreamName_asU8()).toString();
    const direction = options.getReadDirection() === ReadReq.Options.ReadDirection.FORWARDS ? 1 : -1;
    const { tombstoned, truncateBefore } = log.stateOf(stream);
    if (tombstoned) throw new Refused(streamDeleted(stream));
    const last = log.lastRevision(stream);
    if (last < 0 || truncateBefore > last) {
      return send(call, [new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(identifier(stream)))]);
    }
    let at = of.hasRevision() ? Number(of.getRevision()) : of.hasEnd() ? last : 0;
    if (direction === 1) at = Math.max(at, truncateBefore);
    for (let left = countOf(options); left > 0 && !call.cancelled;) {
      const records = log.ofStream(stream, at, direction, Math.min(left, PAGE)).filter(({ revision }) => revision >= truncateBefore);
      await send(
        call,
        records.map((record) => eventAnswer(record, false)),
      );
      if (records.length < Math.min(left, PAGE)) return;
      left -= records.length;
      at = records.at(-1)!.revision + direction;
    }
  };

  /** The byte offset that a read of all begins at. Forward the record there is read, backwards the one before it is the first. */
  const startOf = (options: Options, direction: 1 | -1): number => {
    const of = options.getAll()!;
    if (of.hasStart()) return 0;
    if (of.hasEnd()) return log.end();
    const place = of.getPosition()!;
    const commit = Number(place.getCommitPosition());
    const prepare = Number(place.getPreparePosition());
    if (prepare > commit) throw new Refused(invalid(`the prepare position ${prepare} is greater than the commit position ${commit}`));
    if (!log.isBoundary(commit)) throw new Refused(failure(status.UNKNOWN, `Log record at actual pos ${commit} cannot be read.`));
    return direction === -1 && prepare === commit && commit < log.end() ? log.ofAll(commit, 1, 1)[0]!.end : commit;
  };

  const readAll = async (call: ReadCall, options: Options): Promise<void> => {
    const direction = options.getReadDirection() === ReadReq.Options.ReadDirection.FORWARDS ? 1 : -1;
    const { passes } = filterOf(options);
    let at = startOf(options, direction);
    for (let left = countOf(options); left > 0 && !call.cancelled;) {
      const records = log.ofAll(at, direction, PAGE);
      const wanted = records.filter(passes).slice(0, left);
      await send(
        call,
        wanted.map((record) => eventAnswer(record, true)),
      );
      left -= wanted.length;
      if (records.length < PAGE) return;
      at = direction === 1 ? records.at(-1)!.end : records.at(-1)!.position;
      await nextTurn();
    }
  };

  /** After the place: an event that stands exactly there is not delivered again, one that stands there with a lower prepare position is. */
  const subscribe = async (call: ReadCall, options: Options): Promise<void> => {
    if (!options.hasAll()) throw new Refused(failure(status.UNIMPLEMENTED, 'the double subscribes to all only'));
    const { passes, window, interval } = filterOf(options);
    const place = options.getAll()!.getPosition();
    let at = startOf(options, 1);
    if (place && place.getCommitPosition() === place.getPreparePosition()) at = log.ofAll(at, 1, 1)[0]?.end ?? at;
    await send(call, [new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID()))]);

    let wake: () => void = () => undefined;
    const stir = (): void => wake();
    const release = writing.onCommit(stir);
    call.on('cancelled', stir).on('close', stir);
    let considered = 0;
    let live = false;
    try {
      while (!call.cancelled && !call.destroyed) {
        const records = log.ofAll(at, 1, window);
        const answers: Answer[] = [];
        for (const record of records) {
          if (passes(record)) answers.push(eventAnswer(record, true));
          at = record.end;
          if (++considered % interval !== 0) continue;
          // Live, the server names the last event it looked at; catching up, the place where it goes on, between events.
          answers.push(live ? checkpointAnswer(record.position, record.position) : checkpointAnswer(at, 0));
        }
        await send(call, answers);
        if (records.length === window) {
          await nextTurn();
          continue;
        }
        if (!live) await send(call, [new ReadResp().setCaughtUp(new ReadResp.CaughtUp())]);
        live = true;
        if (log.end() > at) continue;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      release();
    }
  };

  return async (call: ReadCall): Promise<void> => {
    try {
      const options = call.request.getOptions();
      if (!options?.hasUuidOption()) throw new Refused(invalid(`'UUID_OPTION_NOT_SET' is not a valid UUID option`));
      if (options.hasSubscription()) await subscribe(call, options);
      else if (options.hasStream()) await readStream(call, options);
      else if (options.hasAll()) await readAll(call, options);
      else throw new Refused(invalid('neither a stream nor all is to be read'));
      call.end();
    } catch (error) {
      call.emit('error', error instanceof Refused ? error.answer : failure(status.UNKNOWN, String(error)));
    }
  };
};
