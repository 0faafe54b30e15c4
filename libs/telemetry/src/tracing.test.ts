import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace';
import type { CommandHandler, CommandOutcome, EventStore, PublishedEvent, SealedEvent } from '@sanwang/event-store';
import { Rejection, type Aggregate, type DomainEvent } from '@sanwang/kernel';
import type { Bus, OutgoingMessage, Sink } from '@sanwang/messaging';
import type { Call } from '@sanwang/rpc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spanAttributes } from './attributes.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { observeBus, observeCalls, observeCommands, observeEventStore, observeSink } from './observe.ts';
import { startTracing } from './sdk.ts';
import { currentTraceparent, traced } from './tracing.ts';

let metrics: Metrics;
beforeEach(() => void (metrics = createMetrics()));
afterEach(() => metrics.close());

type Task = Aggregate<{ readonly type: 'pool' }, DomainEvent, { readonly status: 'none' }>;
const task: Task = { context: 'patrol', name: 'Task', initial: { status: 'none' }, decide: () => [], evolve: (state) => state };

/** Doubles of the ports, joined as the platform joins them: a call executes a command, whose event is relayed and projected. */
const platform = (fail?: Error) => {
  const log: { event: SealedEvent; traceparent: string | undefined }[] = [];
  const sent: OutgoingMessage[] = [];
  let projectedIn: string | undefined;
  const unused: (...given: readonly unknown[]) => never = () => expect.unreachable('not part of this');
  const store = observeEventStore(
    {
      append: async (_, __, events) => {
        if (fail) throw fail;
        for (const event of events) log.push({ event, traceparent: (JSON.parse(event.metadata) as { traceparent?: string }).traceparent });
        return { revision: log.length - 1, position: log.length - 1 };
      },
      readStream: unused,
      readAll: unused,
      subscribe: unused,
      head: unused,
      close: unused,
    } satisfies EventStore,
    metrics,
  );
  const commands = observeCommands(
    {
      load: unused,
      async execute(aggregate, id, _, { traceparent }) {
        const stream = `${aggregate.context}.${aggregate.name}-${id}`;
        const event: SealedEvent = { id: 'e', type: 'TaskPooled', data: '{}', metadata: JSON.stringify({ traceparent }), hash: '' };
        const appended = await store.append(stream, 'no-stream', [event]);
        return {
          ...appended,
          id,
          stream,
          readToken: '',
          appended: 1,
          repeated: false,
          state: aggregate.initial,
        } satisfies CommandOutcome<unknown>;
      },
    } satisfies CommandHandler,
    metrics,
  );
  const bus = observeBus(
    {
      ensureTopic: unused,
      topicInfo: unused,
      endOffsets: unused,
      relayCheckpoint: unused,
      consume: unused,
      close: unused,
      relaySeat: unused,
      send: async (_, messages) => void sent.push(...messages),
    } satisfies Bus,
    metrics,
  );
  const sink = observeSink<Sink>(
    {
      name: 'patrol.tasks',
      group: 'patrol.tasks.v1',
      subscribes: new Set(['patrol.TaskPooled']),
      progress: async () => [],
      apply: async () => void (projectedIn = currentTraceparent()),
    },
    metrics,
  );
  const invoke = observeCalls(metrics)(({ call }: { service: { fullName: string }; method: string; call: Call }) =>
    commands.execute(
      task,
      '1',
      { type: 'pool' },
      {
        actor: 'officer-1',
        method: call.method,
        body: {},
        correlationId: call.correlationId,
        ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
      },
    ),
  );
  const relay = (): Promise<void> =>
    bus.send(
      'sanwang.patrol.v1',
      log.map(({ traceparent }) => ({
        key: 'k',
        value: '{}',
        headers: { ce_type: 'sanwang.patrol.TaskPooled.v1', ...(traceparent && { traceparent }) },
      })),
    );
  const consume = (): Promise<void> =>
    sink.apply(
      sent.map(
        ({ headers }, position) =>
          ({
            context: 'patrol',
            type: 'TaskPooled',
            version: 1,
            position,
            ...(headers['traceparent'] && { traceparent: headers['traceparent'] }),
          }) as PublishedEvent,
      ),
      [],
    );
  const call = (traceparent?: string): Call => ({
    principal: { subject: 'officer-1', kind: 'officer' },
    method: 'sanwang.patrol.v1.PatrolService/PoolTask',
    readTokens: [],
    correlationId: 'c',
    deadline: Date.now() + 1_000,
    ...(traceparent !== undefined && { traceparent }),
  });
  const request = (traceparent?: string) =>
    invoke({ service: { fullName: 'sanwang.patrol.v1.PatrolService' }, method: 'PoolTask', call: call(traceparent) });
  return { request, relay, consume, log, sent, projectedIn: () => projectedIn };
};

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const UNSAMPLED = CALLER.replace(/01$/, '00');

describe('without an SDK', () => {
  it("everything works, and a caller's traceparent travels on unchanged", async () => {
    const { request, relay, consume, log, sent } = platform();
    await request(CALLER);
    await request();
    await relay();
    await consume();
    expect(log.map(({ traceparent }) => traceparent)).toEqual([CALLER, undefined]);
    expect(sent.map(({ headers }) => headers['traceparent'])).toEqual([CALLER, undefined]);
  });
  it('loads no SDK when no endpoint is configured', async () => {
    expect(await startTracing({})).toBeUndefined();
  });
  it('refuses a sampling share that is none', async () => {
    await expect(startTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_SAMPLER_ARG: 'all' })).rejects.toThrow(
      'OTEL_TRACES_SAMPLER_ARG',
    );
  });
});

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter();
  beforeEach(() => {
    const provider = new TracerProvider({
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(provider);
  });
  afterEach(() => {
    exporter.reset();
    trace.disable();
    context.disable();
    propagation.disable();
  });
  const edges = (spans: readonly ReadableSpan[]): string[] => {
    const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
    return spans.map((span) => `${names.get(span.parentSpanContext?.spanId ?? '') ?? '-'} > ${span.name}`).sort();
  };

  it('one trace runs from the request to the projection', async () => {
    const { request, relay, consume, projectedIn } = platform();
    await request(CALLER);
    await relay();
    await consume();
    const spans = exporter.getFinishedSpans();
    const method = 'sanwang.patrol.v1.PatrolService/PoolTask';
    expect(edges(spans)).toEqual(
      [
        `- > ${method}`,
        `${method} > execute patrol.Task`,
        'execute patrol.Task > append',
        'execute patrol.Task > publish sanwang.patrol.v1',
        'publish sanwang.patrol.v1 > consume patrol.tasks',
        'consume patrol.tasks > project patrol.tasks',
      ].sort(),
    );
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([CALLER.split('-')[1]]));
    expect(projectedIn()?.split('-')[1]).toBe(CALLER.split('-')[1]);
  });
  it('keeps the traces of a batch apart, and links them to its projection', async () => {
    const { request, relay, consume } = platform();
    await Promise.all([request(), request(), request()]);
    await relay();
    await consume();
    const spans = exporter.getFinishedSpans();
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(3);
    const consumed = spans.filter((span) => span.name.startsWith('consume'));
    expect(consumed.map((span) => span.links.length).sort()).toEqual([0, 1, 1]);
    expect(spans.filter((span) => span.name.startsWith('project'))).toHaveLength(1);
  });
  it('records nothing of a trace that its caller does not sample, and passes that on', async () => {
    const { request, relay, consume, log } = platform();
    await request(UNSAMPLED);
    await relay();
    await consume();
    expect(exporter.getFinishedSpans()).toEqual([]);
    expect(log[0]?.traceparent).toMatch(/-00$/);
  });
  it('names a failure without its message', async () => {
    const { request } = platform(new Rejection('conflict', 'stream-moved', 'CANARY'));
    await expect(request()).rejects.toMatchObject({ reason: 'stream-moved' });
    const spans = exporter.getFinishedSpans();
    expect(spans.map((span) => span.attributes['error.type'])).toEqual(Array(3).fill('conflict/stream-moved'));
    expect(JSON.stringify(spans.map(({ attributes, status, events }) => [attributes, status, events]))).not.toContain('CANARY');
  });
  it('uses registered attributes only', async () => {
    const { request, relay, consume } = platform();
    await request();
    await relay();
    await consume();
    for (const span of exporter.getFinishedSpans())
      for (const key of Object.keys(span.attributes)) expect(spanAttributes).toHaveProperty([key]);
  });
  it('sends spans by OTLP over HTTP once an endpoint is configured', async () => {
    trace.disable();
    context.disable();
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part) => (body += part));
      request.on('end', () => {
        bodies.push(`${request.url} ${body}`);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const tracing = await startTracing({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      OTEL_SERVICE_NAME: 'patrol',
    });
    await traced('outer', {}, () => traced('inner', {}, async () => undefined));
    await tracing?.shutdown();
    await new Promise((resolve) => server.close(resolve));
    expect(bodies.join()).toMatch(/^\/v1\/traces .*patrol.*inner/s);
  });
  it('goes on in the same trace where a span starts others', async () => {
    await traced('outer', {}, () => traced('inner', {}, async () => undefined));
    expect(edges(exporter.getFinishedSpans())).toEqual(['- > outer', 'outer > inner']);
  });
});

describe("the ports' metrics", () => {
  it('count what was done, by code and outcome', async () => {
    const { request, relay, consume } = platform();
    await request();
    await relay();
    await consume();
    await platform(new Rejection('conflict', 'stream-moved', 'x'))
      .request()
      .catch(() => undefined);
    const text = await metrics.text();
    for (const line of [
      'sanwang_call_seconds_count{method="sanwang.patrol.v1.PatrolService/PoolTask",code="ok"} 1',
      'sanwang_call_seconds_count{method="sanwang.patrol.v1.PatrolService/PoolTask",code="conflict"} 1',
      'sanwang_command_seconds_count{aggregate="patrol.Task",outcome="appended"} 1',
      'sanwang_command_seconds_count{aggregate="patrol.Task",outcome="conflict"} 1',
      'sanwang_append_seconds_count{context="patrol",code="conflict"} 1',
      'sanwang_appended_events_total{context="patrol"} 1',
      'sanwang_published_messages_total{topic="sanwang.patrol.v1"} 1',
      'sanwang_consumed_events_total{consumer="patrol.tasks"} 1',
    ])
      expect(text).toContain(line);
  });
  it('warn once of a stream that grows beyond its designed length', async () => {
    let revision = 997;
    const store = observeEventStore(
      {
        append: async (_: unknown, __: unknown, events: readonly unknown[]) => ({ revision: (revision += events.length), position: 0 }),
      } as unknown as EventStore,
      metrics,
    );
    const event: SealedEvent = { id: '', type: '', data: '', metadata: '', hash: '' };
    for (let round = 0; round < 3; round++) await store.append('patrol.Task-1', 'no-stream', [event, event]);
    expect(await metrics.text()).toContain('sanwang_long_streams_total{aggregate="patrol.Task"} 1');
  });
});
