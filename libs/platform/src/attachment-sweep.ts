import { setTimeout as pause } from 'node:timers/promises';
import { NAME_WITHIN_MS, type Attachments, type EventStore } from '@sanwang/event-store';
import type { Clock } from '@sanwang/kernel';
import { pause as idle, topicOf, type Bus } from '@sanwang/messaging';
import { namedAmong, type ModelDefinition, type ModelStore, type NamedAttachments } from '@sanwang/read-model';

export interface SweepParts {
  readonly attachments: Attachments;
  readonly store: EventStore;
  readonly models: ModelStore;
  readonly bus: Bus;
  /** Which attachments the events of each context that names any have named. */
  readonly named: readonly ModelDefinition<NamedAttachments>[];
  /** The wall clock: that of the attachments' own times. */
  readonly wall: Clock;
}

/** Removes what no event has named in time; answers how many, or `behind` when a model does not yet know all events: nothing is removed then. */
export type Sweep = () => Promise<number | 'behind'>;

/** A command that names an attachment at the last moment is carried out, and its event appended, well within this (ms). */
const GRACE_MS = 3_600_000;

/** How long a model may take to reach what the log holds now; events go on coming meanwhile. */
const REACH_MS = 3_000;

const becomesTrue = async (test: () => Promise<boolean>): Promise<boolean> => {
  const end = Date.now() + REACH_MS;
  while (!(await test())) {
    if (Date.now() > end) return false;
    await pause(50);
  }
  return true;
};

/** True when the model has taken in every event of its context up to the head of now, whichever instance feeds it. */
const catchesUp = async (definition: ModelDefinition, { store, bus, models }: SweepParts): Promise<boolean> => {
  const { context } = definition;
  if ((await models.state(definition)) !== 'live') return false;
  const head = await store.head(`${context}.`);
  if (!(await becomesTrue(async () => (await bus.relayCheckpoint(context)) >= head))) return false;
  const generation = (await bus.topicInfo(topicOf(context)))?.generation;
  const ends = await bus.endOffsets(topicOf(context));
  const live = await models.live(definition);
  const isReached = async (): Promise<boolean> => {
    const reached = new Map<number, number>();
    for (const one of await live.progress()) if (one.generation === generation) reached.set(one.partition, one.nextOffset);
    return ends.every((end, partition) => (reached.get(partition) ?? 0) >= end);
  };
  return (await becomesTrue(isReached)) && (await live.parked()).length === 0;
};

/** Every attachment is looked at once: what an event has named stays for good. */
export const createSweep = (parts: SweepParts): Sweep => {
  const { attachments, models, wall } = parts;
  let done: string | undefined;
  return async () => {
    const before = new Date(Date.parse(wall.now()) - NAME_WITHIN_MS - GRACE_MS).toISOString();
    const ids = await attachments.storedBefore(before, done);
    const named = new Set<string>();
    for (const definition of ids.length > 0 ? parts.named : []) {
      if (!(await catchesUp(definition as unknown as ModelDefinition, parts))) return 'behind';
      for (const id of await namedAmong(await models.reader(definition), ids)) named.add(id);
    }
    const forgotten = ids.filter((id) => !named.has(id));
    for (const id of forgotten) await attachments.remove(id);
    done = before;
    return forgotten.length;
  };
};

const HOUR = 3_600_000;
const SOON = 60_000;

/** Sweeps soon after the start and then every hour, until the signal aborts; again soon when a model was behind or the sweep failed. */
export const sweepUntil = async (
  signal: AbortSignal,
  sweep: Sweep,
  report: { removed(count: number): void; failed(error: unknown): void },
): Promise<void> => {
  const sweepOnce = async (): Promise<number> => {
    try {
      const removed = await sweep();
      if (removed === 'behind') return SOON;
      if (removed > 0) report.removed(removed);
      return HOUR;
    } catch (error) {
      report.failed(error);
      return SOON;
    }
  };
  for (let wait = SOON; !signal.aborted; wait = await sweepOnce()) {
    await idle(wait, signal);
    if (signal.aborted) return;
  }
};
