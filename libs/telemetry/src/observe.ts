import type { CommandHandler, EventStore } from '@sanwang/event-store';
import { MAX_STREAM_EVENTS } from '@sanwang/event-store';
import { parseStream, Rejection } from '@sanwang/kernel';
import type { Bus, OutgoingMessage, Sink } from '@sanwang/messaging';
import type { Admission, AdmissionState, Call } from '@sanwang/rpc';
import type { Metrics } from './metrics.ts';
import { SpanKind, endSpan, isSampled, startSpan, traced, traceparentOf, type Span } from './tracing.ts';

/** What a failure counts as: the code of a Rejection, `internal` for everything else. */
const codeOf = (error: unknown): string => (error instanceof Rejection ? error.code : 'internal');

const timed = async <T>(work: () => Promise<T>, record: (seconds: number, code: string, result?: T) => void): Promise<T> => {
  const start = performance.now();
  try {
    const result = await work();
    record((performance.now() - start) / 1_000, 'ok', result);
    return result;
  } catch (error) {
    record((performance.now() - start) / 1_000, codeOf(error));
    throw error;
  }
};

/** An rpc on its way to its handler, as far as this needs to see it. */
interface Invocation {
  readonly service: { readonly fullName: string };
  readonly method: string;
  readonly call: Call;
}

/** An interceptor of rpcs: a server span that becomes the call's `traceparent`, and its time by method and code. */
export const observeCalls =
  (metrics: Metrics) =>
  <Given extends Invocation, Result>(next: (invocation: Given) => Promise<Result>) =>
  (invocation: Given): Promise<Result> => {
    const method = `${invocation.service.fullName}/${invocation.method}`;
    const parent = invocation.call.traceparent;
    return timed(
      () =>
        traced(
          method,
          { 'rpc.method': method },
          (span) => {
            const traceparent = traceparentOf(span);
            return next(traceparent === undefined ? invocation : { ...invocation, call: { ...invocation.call, traceparent } });
          },
          { kind: SpanKind.SERVER, parent },
        ),
      (seconds, code) => metrics.callSeconds.observe({ method, code }, seconds),
    );
  };

/** How full the door of this process is, when somebody asks. */
export const observeAdmission = (metrics: Metrics, admission: Pick<Admission, 'state'>): void => {
  const one = (read: (state: AdmissionState) => number) => () => [{ labels: {}, value: read(admission.state()) }];
  metrics.source(
    'callsAtWork',
    one(({ running }) => running),
  );
  metrics.source(
    'callsWaiting',
    one(({ waiting }) => waiting),
  );
  metrics.source(
    'callsLimit',
    one(({ limit }) => limit),
  );
  metrics.source(
    'callsRefused',
    one(({ refused }) => refused),
  );
};

/** A command handler with a span per command, whose `traceparent` goes into the events, and its time by outcome. */
export const observeCommands = (handler: CommandHandler, metrics: Metrics): CommandHandler => ({
  load: (aggregate, id) => handler.load(aggregate, id),
  execute(aggregate, id, command, context) {
    const name = `${aggregate.context}.${aggregate.name}`;
    return timed(
      () =>
        traced(
          `execute ${name}`,
          { 'sanwang.aggregate': name },
          async (span) => {
            const traceparent = traceparentOf(span);
            const outcome = await handler.execute(
              aggregate,
              id,
              command,
              traceparent === undefined ? context : { ...context, traceparent },
            );
            span.setAttribute('sanwang.outcome', outcomeName(outcome));
            return outcome;
          },
          { parent: context.traceparent },
        ),
      (seconds, code, outcome) =>
        metrics.commandSeconds.observe({ aggregate: name, outcome: outcome ? outcomeName(outcome) : code }, seconds),
    );
  },
});
const outcomeName = (outcome: { readonly repeated: boolean; readonly appended: number }): string => {
  if (outcome.repeated) return 'repeated';
  return outcome.appended > 0 ? 'appended' : 'unchanged';
};

/** A log with a span per append, events and time by context, and a warning count of streams that grow too long. */
export const observeEventStore = (store: EventStore, metrics: Metrics): EventStore => ({
  readStream: (stream, options) => store.readStream(stream, options),
  readAll: (options) => store.readAll(options),
  subscribe: (options) => store.subscribe(options),
  head: (prefix) => store.head(prefix),
  close: () => store.close(),
  append(stream, expected, events) {
    const { context, aggregate } = parseStream(stream);
    const name = `${context}.${aggregate}`;
    return timed(
      () =>
        traced('append', { 'sanwang.aggregate': name, 'sanwang.events': events.length }, async (span) => {
          const appended = await store.append(stream, expected, events);
          span.setAttribute('sanwang.revision', appended.revision).setAttribute('sanwang.position', appended.position);
          return appended;
        }),
      (seconds, code, appended) => {
        metrics.appendSeconds.observe({ context, code }, seconds);
        if (!appended) return;
        metrics.appendedEvents.inc({ context }, events.length);
        const length = appended.revision + 1;
        if (length > MAX_STREAM_EVENTS && length - events.length <= MAX_STREAM_EVENTS) metrics.longStreams.inc({ aggregate: name });
      },
    );
  },
});

/** Ends the spans of a batch together with the work on it. */
const finish = async <T>(spans: readonly Span[], work: () => Promise<T>): Promise<T> => {
  try {
    const result = await work();
    for (const span of spans) endSpan(span);
    return result;
  } catch (error) {
    for (const span of spans) endSpan(span, error);
    throw error;
  }
};

/** A bus with a producer span per recorded message, which then travels in the message's `traceparent`, and a count. */
export const observeBus = (bus: Bus, metrics: Metrics): Bus => {
  const observed = async (
    topic: string,
    messages: readonly OutgoingMessage[],
    publish: (outgoing: readonly OutgoingMessage[]) => Promise<void>,
  ): Promise<void> => {
    const spans: Span[] = [];
    const outgoing = messages.map((message) => {
      const parent = message.headers['traceparent'];
      if (!isSampled(parent)) return message;
      const attributes = {
        'messaging.destination.name': topic,
        'sanwang.event-type': message.headers['ce_type'] ?? '',
        'sanwang.batch': messages.length,
      };
      const span = startSpan(`publish ${topic}`, attributes, { kind: SpanKind.PRODUCER, parent });
      if (!span.isRecording()) return message;
      spans.push(span);
      return { ...message, headers: { ...message.headers, traceparent: traceparentOf(span)! } };
    });
    await finish(spans, () => publish(outgoing));
    metrics.publishedMessages.inc({ topic }, messages.length);
  };
  return {
    ...bus,
    async relaySeat(context, topic, signal) {
      const seat = await bus.relaySeat(context, topic, signal);
      return {
        ...seat,
        publish: (messages, checkpoint) => observed(topic, messages, (outgoing) => seat.publish(outgoing, checkpoint)),
      };
    },
    send: (topic, messages) => observed(topic, messages, (outgoing) => bus.send(topic, outgoing)),
  };
};

/**
 * A sink with a consumer span per recorded event, in the event's own trace, and a count. The batch is projected once: that
 * span is the child of the first event's, and the others link to it.
 */
export const observeSink = <Observed extends Sink>(sink: Observed, metrics: Metrics): Observed => {
  const apply: Sink['apply'] = (events, progress, refused) => {
    const spans: Span[] = [];
    for (const event of events) {
      if (!isSampled(event.traceparent)) continue;
      const attributes = {
        'sanwang.consumer': sink.name,
        'sanwang.event-type': `sanwang.${event.context}.${event.type}.v${event.version}`,
        'sanwang.position': event.position,
        'sanwang.batch': events.length,
      };
      const span = startSpan(`consume ${sink.name}`, attributes, { kind: SpanKind.CONSUMER, parent: event.traceparent });
      if (span.isRecording()) spans.push(span);
    }
    const project = (): Promise<void> => sink.apply(events, progress, refused);
    const [first, ...others] = spans;
    return timed(
      () =>
        first === undefined
          ? project()
          : finish(spans, () =>
              traced(
                `project ${sink.name}`,
                { 'sanwang.consumer': sink.name, 'sanwang.batch': events.length },
                (span) => {
                  for (const other of others) other.addLink({ context: span.spanContext() });
                  return project();
                },
                { parent: traceparentOf(first) },
              ),
            ),
      (seconds, code) => {
        metrics.applySeconds.observe({ consumer: sink.name }, seconds);
        if (code === 'ok') metrics.consumedEvents.inc({ consumer: sink.name }, events.length);
      },
    );
  };
  return { ...sink, apply };
};
