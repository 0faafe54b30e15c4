import { context, isSpanContextValid, SpanKind, SpanStatusCode, trace, TraceFlags, type Context, type Span } from '@opentelemetry/api';
import { Rejection } from '@sanwang/kernel';
import type { SpanAttributes } from './attributes.ts';

/** The SDK's tracer once one is registered; until then its spans cost next to nothing. */
const tracer = () => trace.getTracer('sanwang');
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The W3C `traceparent` of a span; `undefined` when it belongs to no trace. */
export const traceparentOf = (span: Span): string | undefined => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return isSpanContextValid(span.spanContext()) ? `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}` : undefined;
};

/** The `traceparent` of what is going on at the moment. */
export const currentTraceparent = (): string | undefined => {
  const span = trace.getActiveSpan();
  return span && traceparentOf(span);
};

/** The context that a `traceparent` describes; the present one when it is absent or not well formed. */
export const contextOf = (traceparent: string | undefined): Context => {
  const parts = traceparent === undefined ? null : form.exec(traceparent);
  if (!parts) return context.active();
  const spanContext = { traceId: parts[1]!, spanId: parts[2]!, traceFlags: Number.parseInt(parts[3]!, 16), isRemote: true };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(context.active(), spanContext) : context.active();
};

/** True when the trace of this `traceparent` is recorded, so that spans of it are worth making. */
export const isSampled = (traceparent: string | undefined): traceparent is string => {
  const flags = traceparent === undefined ? undefined : form.exec(traceparent)?.[3];
  return flags !== undefined && (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0;
};

/** What a failure may say in traces and metrics: never its message, which may quote data. */
export const failureName = (error: unknown): string => {
  if (error instanceof Rejection) return `${error.code}/${error.reason}`;
  return error instanceof Error ? error.name : 'unknown';
};

/** Ends a span, as failed when there is an error. */
export const endSpan = (span: Span, error?: unknown): void => {
  if (error !== undefined) {
    span.setAttribute('error.type', failureName(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
};

export interface SpanOptions {
  readonly kind?: SpanKind;
  /** `traceparent` of the parent; the span that is active when absent. */
  readonly parent?: string | undefined;
}

export const startSpan = (name: string, attributes: SpanAttributes, options: SpanOptions = {}): Span =>
  tracer().startSpan(name, { kind: options.kind ?? SpanKind.INTERNAL, attributes: { ...attributes } }, contextOf(options.parent));

/** Runs `work` inside a span: what it starts becomes the span's children. The span ends with the work, whichever way that ends. */
export const traced = async <T>(
  name: string,
  attributes: SpanAttributes,
  work: (span: Span) => Promise<T>,
  options: SpanOptions = {},
): Promise<T> => {
  const parent = contextOf(options.parent);
  const span = tracer().startSpan(name, { kind: options.kind ?? SpanKind.INTERNAL, attributes }, parent);
  try {
    const result = await context.with(trace.setSpan(parent, span), work, undefined, span);
    endSpan(span);
    return result;
  } catch (error) {
    endSpan(span, error ?? new Error('nothing thrown'));
    throw error;
  }
};

export { SpanKind };
export type { Span };
