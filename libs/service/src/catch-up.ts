import { setTimeout as pause } from 'node:timers/promises';
import type { EventStore } from '@sanwang/event-store';
import type { Bus } from '@sanwang/messaging';
import type { RunningModel } from './running-model.ts';

/** Whether a service's copy of the directory has once taken in all that the log held when the service started. */
export interface CatchUp {
  reached(): boolean;
  readonly done: Promise<void>;
}

/**
 * The copy has caught up when the directory's relay has published what the log held at the start, and the copies have no lag.
 * A topic that is still to be filled (after a restore) is not mistaken for an empty directory. Never rejects: what is away is
 * waited for.
 */
export const catchUp = (
  parts: { readonly store: EventStore; readonly bus: Bus },
  copies: readonly RunningModel[],
  signal: AbortSignal,
): CatchUp => {
  let reached = false;
  const look = async (): Promise<boolean> => {
    const head = (start ??= await parts.store.head('directory.'));
    if ((await parts.bus.relayCheckpoint('directory')) < head) return false;
    const lags = await Promise.all(copies.map((model) => model.consumer.lag()));
    return lags.every((lag) => lag === 0);
  };
  let start: number | undefined;
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      if (await look().catch(() => false)) {
        reached = true;
        return;
      }
      await pause(10);
    }
  };
  return { reached: () => reached, done: follow() };
};
