import type { PublishedEvent } from '@sanwang/event-store';

/** `<context>.<Type>`. */
export const qualifiedType = (event: Pick<PublishedEvent, 'context' | 'type'>): string => `${event.context}.${event.type}`;

/** A copy with nothing lazy in it, fit to be stored. */
export const plainEvent = (event: PublishedEvent): PublishedEvent => ({
  context: event.context,
  type: event.type,
  version: event.version,
  visibility: event.visibility,
  stream: event.stream,
  id: event.id,
  revision: event.revision,
  position: event.position,
  at: event.at,
  recordedAt: event.recordedAt,
  actor: event.actor,
  commandId: event.commandId,
  correlationId: event.correlationId,
  ...(event.causationId === undefined ? {} : { causationId: event.causationId }),
  ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  data: event.data,
});
