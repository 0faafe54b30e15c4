import { Rejection } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { BusMessage, OutgoingMessage } from './port.ts';

/** The CloudEvents type of a version of an event type: `sanwang.patrol.TaskPooled.v1`. */
export const cloudEventType = (context: string, type: string, version: number): string => `sanwang.${context}.${type}.v${version}`;

/** Where a public type's JSON Schema is served, relative to the platform's REST address. */
export const schemaPath = (context: string, type: string, version: number): string =>
  `/schemas/${cloudEventType(context, type, version)}.json`;

/**
 * The event's version and data as they go out: the present version; or, where the upcasters cannot bring the data there, what
 * was recorded under the version it was recorded in, so that one old event does not stop the relay: every consumer upcasts on
 * reading, and parks by key what it cannot.
 */
const outgoingData = (event: PublishedEvent): { readonly version: number; readonly value: string } => {
  const { rawData, rawVersion } = event;
  if (rawData === undefined) return { version: event.version, value: JSON.stringify(event.data) };
  if (rawVersion === undefined) return { version: event.version, value: rawData };
  try {
    const value: string | undefined = JSON.stringify(event.data);
    if (value !== undefined) return { version: event.version, value };
  } catch {
    // Falls through: the upcasters are broken for this event.
  }
  return { version: rawVersion, value: rawData };
};

/** The message of an event: CloudEvents 1.0 in Kafka binary mode, keyed by the stream; the value is the data's JSON text. */
export const toMessage = (event: PublishedEvent): OutgoingMessage => {
  const { version, value } = outgoingData(event);
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: `sanwang/${event.context}`,
    ce_type: cloudEventType(event.context, event.type, version),
    ce_subject: event.stream,
    ce_time: event.at,
    'content-type': 'application/json',
    sanwang_position: String(event.position),
    sanwang_revision: String(event.revision),
    sanwang_visibility: event.visibility,
    sanwang_recordedat: event.recordedAt,
    sanwang_actor: event.actor,
    sanwang_commandid: event.commandId,
    sanwang_correlationid: event.correlationId,
  };
  if (event.visibility === 'public') headers['ce_dataschema'] = schemaPath(event.context, event.type, version);
  if (event.causationId !== undefined) headers['sanwang_causationid'] = event.causationId;
  if (event.traceparent !== undefined) headers['traceparent'] = event.traceparent;
  return { key: event.stream, headers, value };
};

/** What `ce_type` says. */
export interface MessageType {
  readonly context: string;
  readonly type: string;
  readonly version: number;
  /** `<context>.<Type>`, as subscriptions name it. */
  readonly name: string;
}

const damaged = (message: BusMessage, what: string): Rejection =>
  new Rejection('data-loss', 'message-damaged', `Message ${message.topic}/${message.partition}@${message.offset} has ${what}.`, {
    facts: { topic: message.topic, partition: message.partition, offset: message.offset },
  });

/** True for what reading a message throws when it is not one of ours, or not whole. */
export const isDamagedMessage = (error: unknown): error is Rejection => error instanceof Rejection && error.reason === 'message-damaged';

const TYPE = /^sanwang\.([a-z][a-z0-9-]*)\.([A-Z][A-Za-z0-9]*)\.v([1-9][0-9]*)$/;
const header = (message: BusMessage, name: string): string => {
  const value = message.headers[name];
  if (value === undefined) throw damaged(message, `no header ${name}`);
  return value;
};
const wholeNumber = (message: BusMessage, name: string): number => {
  const number = Number(header(message, name));
  if (!Number.isSafeInteger(number) || number < 0) throw damaged(message, `a ${name} that is not a whole number`);
  return number;
};

/** The type of a message, without its value. Throws `data-loss/message-damaged` when it is not one of ours. */
export const messageType = (message: BusMessage): MessageType => {
  const parts = TYPE.exec(header(message, 'ce_type'));
  if (!parts) throw damaged(message, 'a ce_type that is not sanwang.<context>.<Type>.v<version>');
  const [, context, type, version] = parts as unknown as [string, string, string, string];
  return { context, type, version: Number(version), name: `${context}.${type}` };
};

/** The log position of a message, without its value. */
export const messagePosition = (message: BusMessage): number => wholeNumber(message, 'sanwang_position');

/** `messagePosition` of a message whose value is all there. */
export const wholePosition = (message: BusMessage): number => {
  if (message.cutFrom !== undefined) throw damaged(message, `a value of ${message.cutFrom} bytes, more than any event`);
  return messagePosition(message);
};

export const messageVisibility = (message: BusMessage): 'public' | 'private' => {
  const visibility = header(message, 'sanwang_visibility');
  if (visibility !== 'public' && visibility !== 'private') throw damaged(message, 'an unknown sanwang_visibility');
  return visibility;
};

/** The event of a message. Its data is parsed on first use, and then brought to `upcast.version` where that is given. */
export const toPublishedEvent = (
  message: BusMessage,
  type: MessageType = messageType(message),
  upcast?: { readonly version: number; readonly data: (data: unknown) => unknown },
): PublishedEvent => {
  const { headers } = message;
  let parsed = false;
  let data: unknown;
  return {
    context: type.context,
    type: type.type,
    version: upcast?.version ?? type.version,
    visibility: messageVisibility(message),
    stream: message.key,
    id: header(message, 'ce_id'),
    revision: wholeNumber(message, 'sanwang_revision'),
    position: messagePosition(message),
    at: header(message, 'ce_time'),
    recordedAt: header(message, 'sanwang_recordedat'),
    actor: header(message, 'sanwang_actor'),
    commandId: header(message, 'sanwang_commandid'),
    correlationId: header(message, 'sanwang_correlationid'),
    ...(headers['sanwang_causationid'] === undefined ? {} : { causationId: headers['sanwang_causationid'] }),
    ...(headers['traceparent'] === undefined ? {} : { traceparent: headers['traceparent'] }),
    rawData: message.value,
    ...(upcast && upcast.version !== type.version ? { rawVersion: type.version } : {}),
    get data() {
      if (!parsed) {
        data = parse(message);
        if (upcast) data = upcast.data(data);
        parsed = true;
      }
      return data;
    },
  };
};

const parse = (message: BusMessage): unknown => {
  try {
    return JSON.parse(message.value);
  } catch {
    throw damaged(message, 'a value that is not JSON');
  }
};
