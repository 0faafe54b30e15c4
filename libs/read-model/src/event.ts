import type { PublishedEvent } from '@sanwang/event-store';
import type { KnownTypes } from '@sanwang/messaging';

/** `<context>.<Type>`. */
export const qualifiedType = (event: Pick<PublishedEvent, 'context' | 'type'>): string => `${event.context}.${event.type}`;

/** A copy with this data: nothing lazy in it, nor the text as it was recorded. */
export const plainEvent = (event: PublishedEvent, data: unknown): PublishedEvent => ({
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
  data,
});

/** A stored event as this release understands it: its data decoded again, where the text that was recorded is at hand. */
export const decodedAgain = (event: PublishedEvent, known: KnownTypes): PublishedEvent => {
  const { context, type, rawData } = event;
  if (rawData === undefined) return event;
  const name = qualifiedType(event);
  const version = event.rawVersion ?? event.version;
  const present = known.versions.get(name) ?? version;
  let decoded: { readonly data: unknown } | undefined;
  return {
    ...plainEvent(event, undefined),
    version: present,
    rawData,
    ...(version === present ? {} : { rawVersion: version }),
    get data() {
      const data: unknown = decoded ? undefined : JSON.parse(rawData);
      decoded ??= { data: known.upcast ? known.upcast({ context, type, version, name }, data) : data };
      return decoded.data;
    },
  };
};
