import { setTimeout as pause } from 'node:timers/promises';
import { Rejection } from '@sanwang/kernel';
import type { EventStore } from '@sanwang/event-store';
import type { Bus } from '@sanwang/messaging';
import type { Motion } from './motion.ts';

export interface SettleParts {
  readonly store: EventStore;
  readonly bus: Bus;
  /** The contexts that have events. */
  readonly contexts: readonly string[];
  /** What moves in every process of the deployment. */
  motions(): Promise<readonly Motion[]>;
}

/** What still moves; empty when all is settled at the head of the moment. */
const movingNow = async ({ store, bus, contexts, motions }: SettleParts): Promise<readonly string[]> => {
  // In the order of the flow: what a relay publishes while it is looked at reaches consumers that are looked at later.
  const behind = await Promise.all(
    contexts.map(async (context) => ((await bus.relayCheckpoint(context)) < (await store.head(`${context}.`)) ? [`${context}.relay`] : [])),
  );
  const relays = behind.flat();
  if (relays.length > 0) return relays;
  const everywhere = await motions();
  const done = new Set(everywhere.flatMap((motion) => motion.done));
  return [
    ...everywhere.flatMap(({ moving }) => moving),
    ...everywhere.flatMap(({ expected }) => expected.filter((name) => !done.has(name))),
  ];
};

/** Soon again at first: most often little is on its way. */
const FIRST_MS = 2;
const MAX_MS = 50;

/**
 * Waits until relays are at the log's head, consumers have no lag (parked keys apart), no timer is due, and the head has not
 * moved meanwhile. `deadline` is wall clock, ms; `deadline-exceeded/not-settled` names what still moves.
 */
export const settle = async (parts: SettleParts, deadline: number): Promise<void> => {
  for (let wait = FIRST_MS; ; wait = Math.min(MAX_MS, wait * 1.2)) {
    const before = await parts.store.head('');
    const names = await movingNow(parts);
    if (names.length === 0 && (await parts.store.head('')) === before) return;
    if (Date.now() >= deadline) {
      const what = [...new Set(names)].slice(0, 5).join(', ') || 'the log still grows';
      throw new Rejection('deadline-exceeded', 'not-settled', `Not settled in time: ${what}.`);
    }
    await pause(wait);
  }
};
