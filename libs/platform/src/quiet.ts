import { setTimeout as pause } from 'node:timers/promises';
import { Rejection } from '@sanwang/kernel';
import { consumerName, subscriptions, type Heads } from '@sanwang/read-model';
import type { RunningService } from '@sanwang/service';
import type { Ports } from './ports.ts';
import type { Relays } from './verify.ts';

/** How long models may take to reach the log's head, ms. */
const REACH_MS = 15_000;

const contextsOf = (services: readonly RunningService[]): readonly string[] => [
  ...new Set(
    services.flatMap(({ models }) =>
      models.flatMap(({ definition }) => [...subscriptions(definition)].map((type) => type.slice(0, type.indexOf('.')))),
    ),
  ),
];

/**
 * Where relays are other processes': nothing is held, but live models are looked at while their contexts' logs stand still.
 * `moved` names the contexts whose log has grown meanwhile.
 */
export const quietRelays = (
  services: readonly RunningService[],
  { store, bus }: Pick<Ports, 'store' | 'bus'>,
): Relays & { moved(): Promise<ReadonlySet<string>> } => {
  let heads: Heads = new Map();
  let grown: Promise<ReadonlySet<string>> | undefined;
  const headsNow = async (): Promise<Heads> => {
    const found = new Map<string, number>();
    for (const context of contextsOf(services)) found.set(context, await store.head(`${context}.`));
    return found;
  };
  const grownSince = async (): Promise<ReadonlySet<string>> => {
    const now = await headsNow();
    return new Set([...heads].flatMap(([context, head]) => (now.get(context) === head ? [] : [context])));
  };
  return {
    async hold() {
      heads = await headsNow();
      grown = undefined;
      const end = Date.now() + REACH_MS;
      for (const [context, head] of heads) while ((await bus.relayCheckpoint(context)) < head && Date.now() < end) await pause(20);
      const behind = new Map<string, unknown>();
      for (const { definition, consumer } of services.flatMap((service) => service.models)) {
        const name = consumerName(definition);
        while ((await consumer.lag()) > 0 && Date.now() < end) await pause(20);
        if ((await consumer.lag()) > 0)
          behind.set(name, new Rejection('unavailable', 'model-behind', `${name} does not reach the log's head.`));
      }
      return { upTo: heads, behind };
    },
    async release() {
      if (heads.size > 0) await (grown ??= grownSince());
    },
    moved: async () => (await grown) ?? new Set(),
  };
};
