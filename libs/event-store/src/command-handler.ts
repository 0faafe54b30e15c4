import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold, Rejection, streamName, validateEvent, type Aggregate, type DomainEvent } from '@sanwang/kernel';
import { sealChain, type UnchainedEvent } from './chain.ts';
import type { CommandContext, CommandHandler, CommandHandlerOptions, CommandOutcome, Foldable, Loaded } from './command.ts';
import { bodyHmacOf, commandIdOf, eventIdOf } from './command-id.ts';
import { readHistory, type History } from './history.ts';
import { createLines } from './line.ts';
import { sealPersonal } from './personal.ts';
import { LOG_START, type EventMetadata, type StoredEvent } from './port.ts';
import { createRecentStreams, type RecentStream } from './recent-streams.ts';
import { encodeReadToken } from './read-token.ts';

/** How often a command is decided anew when writers in other processes keep being faster. */
const MAX_ATTEMPTS = 8;

const isConflict = (error: unknown): boolean => error instanceof Rejection && error.code === 'conflict' && error.reason === 'stream-moved';

/** What an attempt knows beside the stream: the same in every attempt. */
interface Identified extends CommandContext {
  readonly id: string;
  readonly stream: string;
  readonly at: string;
  readonly commandId: string;
  readonly bodyHmac: string;
}

/**
 * Carries out commands on the aggregates of one context. Refusals beside the decider's own: `conflict/stale-revision`
 * (facts: `expected`, `actual`), `invalid-argument/idempotency-key-reused` (same key, other body), `conflict/stream-moved`
 * after eight lost races, and those of the store and the keys. A repeat answers as the first call did, with a token of the
 * stream's last event. Commands that collide on a stream wait in line for it instead of racing.
 */
export const createCommandHandler = (options: CommandHandlerOptions): CommandHandler => {
  const { store, keys, catalogue, clock, partitionOf } = options;
  const hmac = bodyHmacOf(keys);
  const inLine = createLines();
  const recent = createRecentStreams();

  /** A stream with its history; what was kept of it is not decoded again. */
  const read = async (stream: string, kept?: RecentStream): Promise<RecentStream> => {
    const stored = kept?.stored ?? (await store.readStream(stream));
    const done = kept?.history.events.length ?? 0;
    const rest = await readHistory(stored.slice(done), catalogue, keys);
    if (done === 0) return { stored, history: rest };
    return {
      stored,
      history: { events: [...kept!.history.events, ...rest.events], metadata: [...kept!.history.metadata, ...rest.metadata] },
    };
  };
  /** Opened personal values are not kept in memory: their keys may be destroyed. */
  const holdsPersonal = (stored: readonly StoredEvent[]): boolean =>
    stored.some(({ type }) => catalogue.types.get(type)!.personal.length > 0);

  const sealed = async (events: readonly DomainEvent[], command: Identified): Promise<readonly UnchainedEvent[]> => {
    const types = events.map((event) => validateEvent(catalogue, event));
    const data = types.some((type) => type.personal.length > 0)
      ? await sealPersonal(
          keys,
          events.map((event, n) => ({ type: `${catalogue.context}.${event.type}`, data: event.data, paths: types[n]!.personal })),
        )
      : events.map((event) => event.data);
    const recordedAt = new Date().toISOString();
    return events.map((event, n) => {
      const metadata: EventMetadata = {
        version: types[n]!.version,
        at: command.at,
        recordedAt,
        actor: command.actor,
        commandId: command.commandId,
        bodyHmac: command.bodyHmac,
        correlationId: command.correlationId,
        ...(command.causationId !== undefined && { causationId: command.causationId }),
        ...(command.traceparent !== undefined && { traceparent: command.traceparent }),
      };
      return { id: eventIdOf(command.commandId, n), type: event.type, data: JSON.stringify(data[n]), metadata: JSON.stringify(metadata) };
    });
  };

  const outcome = <State>(
    command: Identified,
    state: State,
    place: { readonly revision: number; readonly position: number },
    counts: { readonly appended: number; readonly repeated: boolean },
    seen: number,
  ): CommandOutcome<State> => ({
    id: command.id,
    stream: command.stream,
    revision: place.revision,
    position: place.position,
    readToken: encodeReadToken({ context: catalogue.context, partition: partitionOf(command.stream), position: seen }),
    ...counts,
    state,
  });

  const repeat = <Event extends DomainEvent, State>(
    aggregate: Foldable<Event, State>,
    command: Identified,
    stored: readonly StoredEvent[],
    history: History<Event>,
    last: number,
  ): CommandOutcome<State> => {
    if (history.metadata[last]!.bodyHmac !== command.bodyHmac) {
      throw new Rejection('invalid-argument', 'idempotency-key-reused', 'This Idempotency-Key was used before with another body.', {
        violations: [{ field: 'Idempotency-Key', expected: 'a new key for a new command, or the same body again' }],
      });
    }
    const appended = history.metadata.filter((metadata) => metadata.commandId === command.commandId).length;
    const state = fold(aggregate, history.events.slice(0, last + 1));
    return outcome(command, state, stored[last]!, { appended, repeated: true }, stored.at(-1)!.position);
  };

  const attempt = async <Command, Event extends DomainEvent, State>(
    aggregate: Aggregate<Command, Event, State>,
    given: Command | ((state: State, at: string) => Command | Promise<Command>),
    command: Identified,
    kept?: RecentStream,
  ): Promise<CommandOutcome<State>> => {
    const seen = await read(command.stream, kept);
    const { stored } = seen;
    const history = seen.history as History<Event>;
    const own = history.metadata.findLastIndex((metadata) => metadata.commandId === command.commandId);
    if (own >= 0) return repeat(aggregate, command, stored, history, own);

    const last = stored.at(-1);
    const actual = last?.revision ?? -1;
    if (command.expectedRevision !== undefined && command.expectedRevision !== actual) {
      throw new Rejection('conflict', 'stale-revision', `The object stands at revision ${actual}, not ${command.expectedRevision}.`, {
        facts: { expected: command.expectedRevision, actual },
      });
    }
    const state = fold(aggregate, history.events);
    const decided = aggregate.decide(
      typeof given === 'function' ? await (given as Asked<Command, State>)(state, command.at) : given,
      state,
    );
    if (decided.length === 0) {
      const position = last?.position ?? LOG_START;
      return outcome(command, state, { revision: actual, position }, { appended: 0, repeated: false }, position);
    }
    const previous = last ?? 'no-stream';
    const records = sealChain(previous, command.stream, await sealed(decided, command));
    const place = await store.append(command.stream, previous, records);
    const written = records.map((record, n) => ({
      ...record,
      stream: command.stream,
      revision: place.revision - records.length + 1 + n,
      position: place.position,
    }));
    const whole = [...stored, ...written];
    if (holdsPersonal(whole)) recent.forget(command.stream);
    else recent.keep(command.stream, { stored: whole, history: seen.history });
    const after = decided.reduce((folded, event) => aggregate.evolve(folded, event), state);
    return outcome(command, after, place, { appended: decided.length, repeated: false }, place.position);
  };

  return {
    async execute(aggregate, id, given, context) {
      const stream = streamName(aggregate, id);
      const command: Identified = {
        ...context,
        id,
        stream,
        at: context.at ?? clock.now(),
        commandId: context.idempotencyKey === undefined ? randomUUID() : commandIdOf(context, stream, context.idempotencyKey),
        bodyHmac: await hmac(context.body),
      };
      const kept = recent.get(stream);
      if (kept) {
        // What is kept may be behind. An append that succeeds proves that it was not; any other answer needs the stream itself.
        try {
          const answer = await attempt(aggregate, given, command, kept);
          if (answer.appended > 0 && !answer.repeated) return answer;
        } catch {
          recent.forget(stream);
        }
      }
      try {
        return await attempt(aggregate, given, command);
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
      return inLine(stream, async () => {
        for (let tried = 2; ; tried++) {
          try {
            return await attempt(aggregate, given, command);
          } catch (error) {
            if (!isConflict(error) || tried === MAX_ATTEMPTS) throw error;
            await sleep(Math.random() * 2 ** tried);
          }
        }
      });
    },

    async load<Event extends DomainEvent, State>(aggregate: Foldable<Event, State>, id: string): Promise<Loaded<State>> {
      const stored = await store.readStream(streamName(aggregate, id));
      const { events } = await readHistory<Event>(stored, catalogue, keys);
      return { state: fold(aggregate, events), revision: stored.at(-1)?.revision ?? -1 };
    },
  };
};

type Asked<Command, State> = (state: State, at: string) => Command | Promise<Command>;
