import type { PublishedEvent } from '@sanwang/event-store';
import type { Document, ModelDefinition } from '@sanwang/read-model';

/** A recorded fact for tests: `type` is `<context>.<Type>`, `stream` `<context>.<Aggregate>-<id>`. */
export const published = (type: string, stream: string, data: unknown, more: Partial<PublishedEvent> = {}): PublishedEvent => {
  const [context, name] = type.split('.') as [string, string];
  return {
    context,
    type: name,
    version: 1,
    visibility: 'public',
    stream,
    id: `${stream}@${more.revision ?? 0}`,
    revision: 0,
    position: 0,
    at: '2026-03-02T01:00:00.000Z',
    recordedAt: '2026-11-23T08:00:00.000Z',
    actor: 'o1',
    commandId: 'c',
    correlationId: 'c',
    data,
    ...more,
  };
};

/** What a model holds after these events of one stream, revisions counted from 0. Every document must fit the model's schema. */
export const projected = <Doc extends Document>(
  model: ModelDefinition<Doc>,
  stream: string,
  ...events: readonly (readonly [type: string, data: unknown])[]
): Doc | undefined => {
  let doc: Doc | undefined;
  for (const [revision, [type, data]] of events.entries()) {
    const handler = model.on[type];
    if (handler) doc = handler.project(doc, published(type, stream, data, { revision }));
    if (doc) model.schema.parse(doc);
  }
  return doc;
};
