import type { RunningService } from '@sanwang/service';
import type { Metrics } from '@sanwang/telemetry';
import { endsOnce } from '@sanwang/service';
import type { EventLog } from '@sanwang/sqlite';
import type { Ports } from './ports.ts';
import type { Rebuilding } from './rebuilding.ts';

export interface GaugeParts {
  readonly ports: Pick<Ports, 'store' | 'bus'>;
  /** What a log on this machine tells of itself. */
  readonly log?: Pick<EventLog, 'stats'>;
  /** The services, as they are when somebody asks. */
  readonly running: readonly RunningService[];
  readonly rebuilding: Pick<Rebuilding, 'progress'>;
}

/** What is read when somebody asks for the metrics: counters in memory, heads and offsets; no document is touched. */
export const connectGauges = (metrics: Metrics, { ports, log, running, rebuilding }: GaugeParts): void => {
  const { store, bus } = ports;
  const one = (value: number) => [{ labels: {}, value }];
  if (log) {
    metrics.source('logCommits', () => one(log.stats().commits));
    metrics.source('logFsyncs', () => one(log.stats().fsyncs));
    metrics.source('longestStream', () => one(log.stats().longestStream));
  }
  metrics.source('logHead', async () => one(await store.head('')));

  const relays = () => running.flatMap(({ relay }) => (relay ? [relay] : []));
  metrics.source('relayLag', () =>
    Promise.all(
      relays().map(async (relay) => {
        const { context, position } = relay.status();
        return { labels: { context }, value: Math.max(0, (await store.head(`${context}.`)) - position) };
      }),
    ),
  );
  metrics.source('relayPaused', () =>
    relays().flatMap((relay) => {
      const { context, reason } = relay.status();
      return reason === undefined ? [] : [{ labels: { context, reason }, value: 1 }];
    }),
  );

  const consumers = () => running.flatMap(({ models }) => models.map(({ consumer }) => consumer));
  metrics.source('consumerLag', () => {
    const ends = endsOnce(bus);
    return Promise.all(
      consumers().map(async (consumer) => ({ labels: { consumer: consumer.status().name }, value: await consumer.lag(ends) })),
    );
  });
  metrics.source('consumerPaused', () =>
    consumers().flatMap((consumer) => {
      const { name, reason } = consumer.status();
      return reason === undefined ? [] : [{ labels: { consumer: name, reason }, value: 1 }];
    }),
  );
  metrics.source('parkedKeys', () =>
    consumers().map((consumer) => ({ labels: { consumer: consumer.status().name }, value: consumer.status().parkedKeys })),
  );
  metrics.source('rebuildProgress', () => [...rebuilding.progress()].map(([model, value]) => ({ labels: { model }, value })));
  metrics.source('timersDue', () =>
    Promise.all(
      running.flatMap(({ definition, context, timers }) =>
        timers ? [timers.due(context.clock.now()).then((value) => ({ labels: { context: definition.context }, value }))] : [],
      ),
    ),
  );
};
