import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { registerProcessMetrics } from './process-metrics.ts';

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics counted where things happen. Labels are names out of code or configuration, never ids. */
const counted = {
  httpSeconds: {
    kind: 'histogram',
    name: 'sanwang_http_request_seconds',
    help: 'Time to answer an HTTP request.',
    labels: ['method', 'route', 'status'],
  },
  callSeconds: {
    kind: 'histogram',
    name: 'sanwang_call_seconds',
    help: 'Time to answer an rpc, whatever its transport.',
    labels: ['method', 'code'],
  },
  commandSeconds: {
    kind: 'histogram',
    name: 'sanwang_command_seconds',
    help: 'Time of a command: load, decide, append.',
    labels: ['aggregate', 'outcome'],
  },
  appendSeconds: {
    kind: 'histogram',
    name: 'sanwang_append_seconds',
    help: 'Time of an append until it is durable.',
    labels: ['context', 'code'],
  },
  appendedEvents: { kind: 'counter', name: 'sanwang_appended_events_total', help: 'Events appended to the log.', labels: ['context'] },
  longStreams: {
    kind: 'counter',
    name: 'sanwang_long_streams_total',
    help: 'Streams that grew beyond the length they have by design.',
    labels: ['aggregate'],
  },
  publishedMessages: {
    kind: 'counter',
    name: 'sanwang_published_messages_total',
    help: 'Messages published to a topic.',
    labels: ['topic'],
  },
  consumedEvents: {
    kind: 'counter',
    name: 'sanwang_consumed_events_total',
    help: 'Events that a consumer has taken in.',
    labels: ['consumer'],
  },
  districtMessages: {
    kind: 'counter',
    name: 'sanwang_district_messages_total',
    help: "Messages sent to the districts' topics.",
    labels: ['context', 'district'],
  },
  unplacedObjects: {
    kind: 'counter',
    name: 'sanwang_unplaced_objects_total',
    help: 'States of objects whose place lies in no district: they are sent once a later state, or a reorganisation, places them.',
    labels: ['context'],
  },
  applySeconds: { kind: 'histogram', name: 'sanwang_apply_seconds', help: 'Time to take in one batch of events.', labels: ['consumer'] },
  sourceErrors: {
    kind: 'counter',
    name: 'sanwang_metric_source_errors_total',
    help: 'Metrics that could not be read when asked for.',
    labels: ['metric'],
  },
} as const;

/** Metrics read from their source when somebody asks: they cost nothing in between. */
const sampled = {
  logCommits: { kind: 'counter', name: 'sanwang_log_commits_total', help: 'Transactions of the log.', labels: [] },
  logFsyncs: { kind: 'counter', name: 'sanwang_log_fsyncs_total', help: 'Syncs of the log to disk.', labels: [] },
  logHead: { kind: 'gauge', name: 'sanwang_log_head', help: 'Position of the last event of the log.', labels: [] },
  longestStream: { kind: 'gauge', name: 'sanwang_longest_stream_events', help: 'Events of the longest stream appended to.', labels: [] },
  relayLag: {
    kind: 'gauge',
    name: 'sanwang_relay_lag_positions',
    help: "Positions between the log's head and what the relay has published.",
    labels: ['context'],
  },
  relayPaused: {
    kind: 'gauge',
    name: 'sanwang_relay_paused',
    help: '1 while a relay is paused, by reason.',
    labels: ['context', 'reason'],
  },
  consumerLag: {
    kind: 'gauge',
    name: 'sanwang_consumer_lag_messages',
    help: 'Messages that a consumer has not yet taken in.',
    labels: ['consumer'],
  },
  consumerPaused: {
    kind: 'gauge',
    name: 'sanwang_consumer_paused',
    help: '1 while a consumer is paused, by reason.',
    labels: ['consumer', 'reason'],
  },
  parkedKeys: {
    kind: 'gauge',
    name: 'sanwang_parked_keys',
    help: 'Keys whose events wait behind one that could not be taken in.',
    labels: ['consumer'],
  },
  rebuildProgress: {
    kind: 'gauge',
    name: 'sanwang_rebuild_progress_ratio',
    help: 'Progress of a running rebuild, from 0 to 1.',
    labels: ['model'],
  },
  callsAtWork: { kind: 'gauge', name: 'sanwang_calls_at_work', help: 'Calls that the door has let in and not yet answered.', labels: [] },
  callsWaiting: { kind: 'gauge', name: 'sanwang_calls_waiting', help: 'Calls that wait at the door.', labels: [] },
  callsLimit: { kind: 'gauge', name: 'sanwang_calls_limit', help: 'How many calls the door lets in at once.', labels: [] },
  callsRefused: {
    kind: 'counter',
    name: 'sanwang_calls_refused_total',
    help: 'Calls refused at the door because there was more to do than could be done.',
    labels: [],
  },
  timersDue: { kind: 'gauge', name: 'sanwang_timers_due', help: 'Timers that are due and not yet carried out.', labels: ['context'] },
} as const;

type Counted = typeof counted;
type Sampled = typeof sampled;
type LabelOf<Declaration extends { readonly labels: readonly string[] }> = Declaration['labels'][number];
type Instrument<Declaration extends { readonly kind: string; readonly labels: readonly string[] }> = Declaration['kind'] extends 'histogram'
  ? Histogram<LabelOf<Declaration>>
  : Counter<LabelOf<Declaration>>;

/** One value at the moment of asking. */
export interface Sample<Label extends string = string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}
type Source<Name extends keyof Sampled> = () =>
  Iterable<Sample<LabelOf<Sampled[Name]>>> | Promise<Iterable<Sample<LabelOf<Sampled[Name]>>>>;

export interface Metrics extends Readonly<{ [Name in keyof Counted]: Instrument<Counted[Name]> }> {
  /** Adds a source to a metric that is read when asked for; several services may each add their own. */
  source<Name extends keyof Sampled>(name: Name, read: Source<Name>): void;
  readonly contentType: string;
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>;
  close(): void;
}

/** Makes the metrics of one process. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const instruments = Object.fromEntries(
    Object.entries(counted).map(([key, { kind, name, help, labels }]) => [
      key,
      kind === 'histogram'
        ? new Histogram({ name, help, labelNames: labels, buckets: seconds, registers })
        : new Counter({ name, help, labelNames: labels, registers }),
    ]),
  ) as { readonly [Name in keyof Counted]: Instrument<Counted[Name]> };

  const sources = new Map<keyof Sampled, Source<keyof Sampled>[]>();
  for (const [key, { kind, name, help, labels }] of Object.entries(sampled) as [keyof Sampled, Sampled[keyof Sampled]][]) {
    const read: Source<keyof Sampled>[] = [];
    sources.set(key, read);
    const Kind = kind === 'counter' ? Counter : Gauge;
    const metric = new Kind<string>({
      name,
      help,
      labelNames: labels,
      registers: [],
      async collect() {
        this.reset();
        for (const source of read) {
          try {
            for (const { labels: of, value } of await source()) this.inc(of, value);
          } catch {
            instruments.sourceErrors.inc({ metric: name });
          }
        }
      },
    });
    registry.registerMetric(metric);
  }
  const stopProcessMetrics = registerProcessMetrics(registry);

  return {
    ...instruments,
    source: (name, read) => void sources.get(name)!.push(read as Source<keyof Sampled>),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: stopProcessMetrics,
  };
};
