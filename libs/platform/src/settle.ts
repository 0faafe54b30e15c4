import { Rejection } from '@sanwang/kernel';
import type { EventStore } from '@sanwang/event-store';
import type { RunningService } from '@sanwang/service';

/** What still moves; empty when all is settled at the head of the moment. */
const moving = async (services: readonly RunningService[], store: EventStore): Promise<readonly string[]> => {
  const names: string[] = [];
  // In the order of the flow: what a relay publishes while it is looked at reaches consumers that are looked at later.
  for (const { definition, relay } of services) {
    if (relay && relay.status().position < (await store.head(`${definition.context}.`))) names.push(`${definition.context}.relay`);
  }
  for (const { models } of services) {
    for (const { definition: model, consumer } of models) if ((await consumer.lag()) > 0) names.push(`${model.context}.${model.name}`);
  }
  for (const { definition, timers, context } of services) {
    if (timers && !(await timers.idle(context.clock.now()))) names.push(`${definition.context}.timers`);
  }
  return names;
};

/**
 * Waits until relays are at the log's head, consumers have no lag (parked keys apart), no timer is due, and the head has not
 * moved meanwhile. `deadline` is wall clock, ms; `deadline-exceeded/not-settled` names what still moves.
 */
export const settle = async (services: readonly RunningService[], store: EventStore, deadline: number): Promise<void> => {
  for (;;) {
    const before = await store.head('');
    const names = await moving(services, store);
    if (names.length === 0 && (await store.head('')) === before) return;
    if (Date.now() >= deadline) {
      throw new Rejection(
        'deadline-exceeded',
        'not-settled',
        `Not settled in time: ${names.slice(0, 5).join(', ') || 'the log still grows'}.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};
