import { NAME_WITHIN_MS, type Attachments, type EventStore } from '@sanwang/event-store';
import type { Clock } from '@sanwang/kernel';
import { namedAmong, type ModelReader, type NamedAttachments } from '@sanwang/read-model';
import type { RunningModel, RunningService } from '@sanwang/service';

export interface SweepParts {
  readonly attachments: Attachments;
  readonly store: Pick<EventStore, 'head'>;
  readonly services: readonly RunningService[];
  /** The wall clock: that of the attachments' own times. */
  readonly wall: Clock;
}

/** Removes what no event has named in time; answers how many, or `behind` when a model does not yet know all events: nothing is removed then. */
export type Sweep = () => Promise<number | 'behind'>;

/** A command that names an attachment at the last moment is carried out, and its event appended, well within this (ms). */
const GRACE_MS = 3_600_000;

/** True when the model has taken in every event of its context up to the head of now. */
const isCaughtUp = async (
  { consumer }: RunningModel,
  { relay, definition }: RunningService,
  store: SweepParts['store'],
): Promise<boolean> => {
  const head = await store.head(`${definition.context}.`);
  return relay !== undefined && relay.status().position >= head && consumer.status().parkedKeys === 0 && (await consumer.lag()) === 0;
};

/** Every attachment is looked at once: what an event has named stays for good. */
export const createSweep = ({ attachments, store, services, wall }: SweepParts): Sweep => {
  let done: string | undefined;
  return async () => {
    const before = new Date(Date.parse(wall.now()) - NAME_WITHIN_MS - GRACE_MS).toISOString();
    const ids = await attachments.storedBefore(before, done);
    const named = new Set<string>();
    for (const service of ids.length > 0 ? services : []) {
      const model = service.models.find(({ definition }) => definition === service.definition.attachments);
      if (!model) continue;
      if (!(await isCaughtUp(model, service, store))) return 'behind';
      for (const id of await namedAmong(model.reader as ModelReader<NamedAttachments>, ids)) named.add(id);
    }
    const forgotten = ids.filter((id) => !named.has(id));
    for (const id of forgotten) await attachments.remove(id);
    done = before;
    return forgotten.length;
  };
};

const HOUR = 3_600_000;
const SOON = 60_000;

/** Sweeps soon after the start and then every hour; again soon when a model was behind or the sweep failed. */
export const startSweeping = (
  sweep: Sweep,
  report: { removed(count: number): void; failed(error: unknown): void },
): { stop(): Promise<void> } => {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
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
  const plan = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = sweepOnce().then(plan);
    }, ms).unref();
  };
  plan(SOON);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};
