import { DEFAULT_PARTITIONS, DISTRICT_PARTITIONS, districtTopicOf, topicOf } from '@sanwang/messaging';
import { SEALED, type JsonSchema } from './event-schemas.ts';

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({ type: 'string', description, ...more });
const headers = (properties: Record<string, JsonSchema>, optional: readonly string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const cloudEvent = {
  ce_specversion: { const: '1.0' },
  ce_id: text('The same when the message is delivered again.'),
  ce_source: text('`sanwang/<context>`.'),
  ce_type: text('Context, type and version of the data.'),
  ce_subject: text('The stream of the object; also the key of the message.'),
  ce_time: text('When it happened, by the platform clock.', { format: 'date-time' }),
  ce_dataschema: text('Where the JSON Schema of the data is served, relative to the REST address.'),
  'content-type': { const: 'application/json' },
  sanwang_position: text('Position in the log: grows over all contexts.', { pattern: '^[0-9]+$' }),
  sanwang_revision: text('Place in the stream of the object, from 0.', { pattern: '^[0-9]+$' }),
};
const eventHeaders = headers(
  {
    ...cloudEvent,
    sanwang_visibility: { enum: ['public', 'private'] },
    sanwang_recordedat: text('When it was recorded, by the wall clock.', { format: 'date-time' }),
    sanwang_actor: text('Opaque id of who did it.'),
    sanwang_commandid: text('The command that caused it.'),
    sanwang_correlationid: text('What belongs together.'),
    sanwang_causationid: text('The event that caused the command.'),
    traceparent: text('W3C trace context.'),
  },
  ['sanwang_causationid', 'traceparent'],
);
const districtHeaders = headers({ ...cloudEvent, sanwang_district: text('Code of the district bureau.') });

/** A schema as part of the document: what it defines itself stands among the document's components. */
const payloadOf = ({ $schema: _schema, $id: _id, $defs: _defs, ...schema }: JsonSchema): JsonSchema =>
  JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' && value === SEALED ? '#/components/schemas/sealed' : value,
  ) as JsonSchema;

/** `registration.BusinessMoved.v1.json` in its parts; a district's schema has `district.` before them. */
const partsOf = (name: string) => {
  const match = /^(district\.)?([a-z][a-z-]*)\.([A-Z][A-Za-z0-9]*)\.v(\d+)\.json$/.exec(name);
  if (!match) throw new Error(`${name} is not the name of an event schema`);
  return { district: match[1] !== undefined, context: match[2]!, type: match[3]!, version: Number(match[4]) };
};

/**
 * The AsyncAPI 3.0 document of every topic that others may read: the contexts' and the districts', with the schemas of all
 * released versions. `schemas` by file name, as the schema folder holds them.
 */
export const asyncApi = (schemas: ReadonlyMap<string, JsonSchema>): JsonSchema => {
  const channels: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  const messages: Record<string, JsonSchema> = {};
  let sealed: unknown;
  for (const [name, schema] of [...schemas].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { district, context, type, version } = partsOf(name);
    sealed ??= (schema['$defs'] as JsonSchema | undefined)?.['sealed'];
    const channel = `${district ? 'district-' : ''}${context}`;
    const messageId = name.replace(/\.json$/, '');
    const ceType = `sanwang.${messageId}`;
    messages[messageId] = {
      name: ceType,
      title: `${type} v${version}`,
      summary: schema['description'],
      contentType: 'application/json',
      headers: { $ref: `#/components/schemas/${district ? 'districtHeaders' : 'eventHeaders'}` },
      payload: payloadOf(schema),
      bindings: { kafka: { key: { type: 'string', description: 'The stream of the object.' }, bindingVersion: '0.5.0' } },
    };
    const address = district ? districtTopicOf('{district}', context) : topicOf(context);
    channels[channel] ??= {
      address,
      title: district ? `${context}, for one district's bureau` : context,
      description: district
        ? 'What a bureau may know of the objects of its district: their whole public state after each event, and when they leave. No personal field. Delivery is at least once, in order per object; never compacted, kept for ever.'
        : 'Every event of the context, in order per stream. Messages whose `sanwang_visibility` is `private` are not a contract and are to be passed over; the others are described here. Personal fields are sealed. Delivery is at least once; never compacted, kept for ever.',
      ...(district && { parameters: { district: { description: 'Code of the district bureau 辖区局, such as `sz-futian`.' } } }),
      messages: {},
      bindings: { kafka: { partitions: district ? DISTRICT_PARTITIONS : DEFAULT_PARTITIONS, bindingVersion: '0.5.0' } },
    };
    (channels[channel]['messages'] as JsonSchema)[messageId] = { $ref: `#/components/messages/${messageId}` };
    operations[`publish-${channel}`] ??= {
      action: 'send',
      channel: { $ref: `#/channels/${channel}` },
      summary: `The platform publishes on ${address}.`,
    };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sanwang 三网: topics',
      version: '1',
      description: 'CloudEvents 1.0 in Kafka binary mode: the value is the data as JSON, the attributes are headers.',
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: { messages, schemas: { eventHeaders, districtHeaders, ...(sealed !== undefined && { sealed }) } },
  };
};
