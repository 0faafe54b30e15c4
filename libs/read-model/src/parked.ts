import { createHash } from 'node:crypto';
import { notFound } from '@sanwang/kernel';
import { refusedKey, type KnownTypes, type ParkedKey, type RefusedMessage } from '@sanwang/messaging';
import { LOG_START, type PublishedEvent } from '@sanwang/event-store';
import { decodedAgain, plainEvent, qualifiedType } from './event.ts';
import { readData } from './opening.ts';
import type { Change, Projector } from './projector.ts';
import type { DroppedEvent, ModelGeneration, ParkedEvent } from './port.ts';

/** How far a replay of a parked stream came; `error` tells why it stopped. */
export interface Replayed {
  readonly key: string;
  readonly applied: number;
  readonly remaining: number;
  readonly error?: string;
}
/** The event that was given up, as it stays on record, and what became of those behind it. */
export interface Dropped {
  readonly event: DroppedEvent;
  readonly replayed: Replayed;
}
/** Who gives an event up, an opaque id, and why. */
export type DropGrounds = Pick<DroppedEvent, 'actor' | 'reason'>;

interface ParkedContext {
  readonly generation: ModelGeneration;
  readonly projector: Projector;
  /** With it, what is replayed is decoded again, by upcasters that may have been mended since. */
  readonly known: KnownTypes | undefined;
  onApplied(changes: readonly Change[]): void;
}

/** What is written down about a failure; never longer than 500 characters. */
const describeError = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);

/** An event that failed, with its whole content as far as it can be decoded, and as it was recorded, to be put aside under its stream. */
export const parkedEvent = (event: PublishedEvent, error: unknown): ParkedEvent => ({
  key: event.stream,
  event: {
    ...plainEvent(event, readData([event]).read[0]?.data),
    ...(event.rawData === undefined ? {} : { rawData: event.rawData }),
    ...(event.rawVersion === undefined ? {} : { rawVersion: event.rawVersion }),
  },
  error: describeError(error),
  since: new Date().toISOString(),
});

/** Below every log position, and each message's own. */
const positionOfMessage = (key: string): number => -2 - Number.parseInt(createHash('sha256').update(key).digest('hex').slice(0, 12), 16);

/** A message that is no event, to be put aside under its place in the topic. It can only be dropped. */
export const parkedMessage = (refused: RefusedMessage): ParkedEvent => {
  const key = refusedKey(refused);
  const since = new Date().toISOString();
  return {
    key,
    event: {
      context: 'bus',
      type: 'RefusedMessage',
      version: 1,
      visibility: 'private',
      stream: key,
      id: key,
      revision: 0,
      position: positionOfMessage(key),
      at: since,
      recordedAt: since,
      actor: '',
      commandId: '',
      correlationId: '',
      data: { excerpt: refused.excerpt },
    },
    error: refused.reason.slice(0, 500),
    since,
  };
};

const named = ({ event }: ParkedEvent): { position: number; type: string; id: string } => ({
  position: event.position,
  type: qualifiedType(event),
  id: event.id,
});

/** The parked streams of a model, the failed event of each first. */
export const listParked = async (consumer: string, generation: ModelGeneration): Promise<readonly ParkedKey[]> => {
  const byKey = new Map<string, ParkedEvent[]>();
  for (const parked of await generation.parked()) byKey.set(parked.key, [...(byKey.get(parked.key) ?? []), parked]);
  return [...byKey].map(([key, events]) => ({
    consumer,
    key,
    events: events.map(named),
    error: events[0]!.error,
    since: events[0]!.since,
  }));
};

const queueOf = async ({ generation }: ParkedContext, key: string): Promise<readonly ParkedEvent[]> => {
  const queue = (await generation.parked()).filter((parked) => parked.key === key);
  if (queue.length === 0) throw notFound('parked-key', key);
  return queue;
};

const replayQueue = async (context: ParkedContext, key: string, queue: readonly ParkedEvent[]): Promise<Replayed> => {
  const { generation, projector, known } = context;
  for (const [index, parked] of queue.entries()) {
    if (parked.event.position < LOG_START) return { key, applied: index, remaining: queue.length - index, error: parked.error };
    const [failure] = await projector.take([known ? decodedAgain(parked.event, known) : parked.event]);
    if (failure) {
      const error = describeError(failure.error);
      await generation.write({ documents: [], progress: [], park: [{ ...parked, error }] });
      return { key, applied: index, remaining: queue.length - index, error };
    }
    const changes = await projector.flush({ progress: [], unpark: [{ key, position: parked.event.position }] });
    if (changes.length > 0) context.onApplied(changes);
  }
  return { key, applied: queue.length, remaining: 0 };
};

/** Applies a parked stream's events again in order, up to the first that fails. Refuses a key that is not parked. */
export const replay = async (context: ParkedContext, key: string): Promise<Replayed> =>
  replayQueue(context, key, await queueOf(context, key));

/** Gives up the first parked event of a stream for the record, then replays those behind it. Refuses a key that is not parked. */
export const drop = async (context: ParkedContext, key: string, { actor, reason }: DropGrounds): Promise<Dropped> => {
  const [first, ...rest] = await queueOf(context, key);
  const event: DroppedEvent = { key, ...named(first!), error: first!.error, reason, actor, at: new Date().toISOString() };
  await context.generation.write({ documents: [], progress: [], unpark: [{ key, position: event.position }], drop: [event] });
  return { event, replayed: await replayQueue(context, key, rest) };
};
