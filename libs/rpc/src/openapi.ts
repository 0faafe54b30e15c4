import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { errorCodes } from '@sanwang/kernel';
import { z } from 'zod';
import type { Api, Handler } from './api.ts';
import { commentOf, type Descriptors, type HttpBinding, type RpcDescriptor } from './descriptors.ts';
import { messageSchemas } from './rest-response.ts';

export type JsonSchema = { [key: string]: unknown };

/** As much of OpenAPI 3.1 as we write. */
export interface OpenApiDocument {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Record<string, Record<string, OpenApiOperation>>;
  readonly components: JsonSchema & { readonly schemas: Record<string, JsonSchema> };
  readonly security: readonly unknown[];
  /** What a newcomer does one after another; `/docs` shows it. */
  readonly 'x-first-steps'?: readonly { readonly text: string; readonly operationId?: string }[];
}
export interface OpenApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
}
export interface OpenApiOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly (OpenApiParameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Record<string, unknown>;
}

const SCHEMAS = '#/components/schemas/';
const FIXED_HEADERS: Record<string, OpenApiParameter> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key with the same request gives the same answer, however often it is sent. With another request it is an error.',
    schema: { type: 'string', pattern: '^[!-~]{1,128}$' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The revision that the caller saw, in quotes, as an ETag gave it. The command is refused when there is a newer one.',
    schema: { type: 'string', pattern: '^(\\*|"[0-9]{1,9}")$' },
  },
  ReadToken: {
    name: 'Sanwang-Read-Token',
    in: 'header',
    required: false,
    description: 'Tokens of earlier answers, separated by commas: the answer shows at least what those commands did.',
    schema: { type: 'string' },
  },
};

const ANSWER_HEADERS: Record<string, JsonSchema> = {
  ETag: { description: 'The revision, in quotes, where the answer has one.', schema: { type: 'string' } },
  'Sanwang-Read-Token': { description: 'After a command: for reads that must see it.', schema: { type: 'string' } },
  'X-Correlation-Id': { description: 'Names this call in logs and events.', schema: { type: 'string' } },
};

const PROBLEM: JsonSchema = {
  type: 'object',
  description: 'What went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code', 'reason', 'violations', 'correlationId', 'facts'],
  properties: {
    type: { type: 'string', description: '`urn:sanwang:problem:<reason>`.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'A sentence for people.' },
    code: { type: 'string', enum: [...errorCodes], description: 'The kind of error, the same in gRPC.' },
    reason: { type: 'string', description: 'A stable word for programs.' },
    violations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'expected'],
        properties: { field: { type: 'string' }, expected: { type: 'string' } },
      },
    },
    correlationId: { type: 'string', description: 'To be named when asking for help.' },
    facts: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
  },
};

/** Puts the comments of the message's fields beside the constraints of the schema. */
const withComments = (schema: JsonSchema, message: DescMessage): JsonSchema => {
  const properties = schema['properties'] as Record<string, JsonSchema> | undefined;
  if (!properties || message.typeName === 'google.protobuf.Timestamp') return schema;
  for (const field of message.fields) {
    const property = properties[field.jsonName];
    if (!property) continue;
    const comment = commentOf(field);
    if (comment && property['description'] === undefined) property['description'] = comment;
    if (field.message) withComments(field.fieldKind === 'list' ? ((property['items'] ?? {}) as JsonSchema) : property, field.message);
  }
  return schema;
};

/** The JSON Schema of what a caller may send, from zod, with the comments of the proto message. */
const requestSchema = (handler: Handler, message: DescMessage): JsonSchema => {
  const { $schema: _, ...schema } = z.toJSONSchema(handler.request, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' });
  const comment = commentOf(message);
  return withComments({ ...(comment ? { description: comment } : {}), ...schema }, message);
};

const describeResponse = (desc: DescMessage | DescField): JsonSchema => {
  const comment = commentOf(desc);
  const always = (field: DescField) =>
    field.fieldKind === 'list' || field.fieldKind === 'map' || field.presence !== FeatureSet_FieldPresence.EXPLICIT;
  const required = desc.kind === 'message' ? desc.fields.filter(always).map((field) => field.jsonName) : [];
  return { ...(comment ? { description: comment } : {}), ...(required.length > 0 ? { required } : {}) };
};

const parameter = (binding: HttpBinding, name: string, schema: JsonSchema, required: boolean): OpenApiParameter => {
  const { description = '', ...rest } = schema;
  const inPath = binding.params.includes(name);
  return { name, in: inPath ? 'path' : 'query', required: inPath || required, description: String(description), schema: rest };
};

const operation = (
  api: Api,
  rpc: RpcDescriptor,
  binding: HttpBinding,
  response: JsonSchema,
  body: (schema: JsonSchema) => JsonSchema,
): OpenApiOperation => {
  const handler = api.handlers[rpc.key]!;
  const schema = requestSchema(handler, rpc.method.input);
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>);
  const required = (schema['required'] ?? []) as string[];
  const inUrl = properties.filter(([name]) => !binding.body || binding.params.includes(name));
  const inBody = properties.filter(([name]) => binding.body && !binding.params.includes(name));
  const bodyRequired = required.filter((name) => inBody.some(([key]) => key === name));
  const comment = commentOf(rpc.method);
  const [summary = ''] = comment.split(/(?<=\.) /);
  const fixed = handler.kind === 'command' ? ['IdempotencyKey', 'IfMatch', 'ReadToken'] : ['ReadToken'];
  return {
    operationId: `${api.service.name}_${rpc.method.name}`,
    tags: [api.service.name],
    summary: summary.replace(/\.$/, ''),
    description: comment,
    parameters: [
      ...inUrl.map(([name, property]) => parameter(binding, name, property, required.includes(name))),
      ...fixed.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(inBody.length > 0
      ? {
          requestBody: {
            required: bodyRequired.length > 0,
            content: {
              'application/json': {
                schema: body({ ...schema, properties: Object.fromEntries(inBody), required: bodyRequired }),
              },
            },
          },
        }
      : {}),
    responses: {
      '200': {
        description: 'Done.',
        headers: Object.fromEntries(Object.keys(ANSWER_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }])),
        content: { 'application/json': { schema: response } },
      },
      '4XX': { $ref: '#/components/responses/Problem' },
      '5XX': { $ref: '#/components/responses/Problem' },
    },
  };
};

/** The OpenAPI 3.1 document of the APIs: paths, responses and comments from the descriptor set, constraints of requests from zod. */
export const openApiDocument = (
  apis: readonly Api[],
  descriptors: Descriptors,
  info: { readonly title: string; readonly version: string; readonly description: string },
): OpenApiDocument => {
  const schemas = messageSchemas(SCHEMAS, describeResponse);
  const paths: OpenApiDocument['paths'] = {};
  const bodies: Record<string, JsonSchema> = {};
  for (const api of apis) {
    const context = api.service.fullName.split('.')[1]!;
    for (const rpc of descriptors.rpcs(api.service)) {
      const response = schemas.ref(rpc.method.output);
      const body = (schema: JsonSchema): JsonSchema => {
        bodies[`${context}.${rpc.method.input.name}`] = schema;
        return { $ref: `${SCHEMAS}${context}.${rpc.method.input.name}` };
      };
      for (const binding of rpc.bindings) {
        (paths[binding.path] ??= {})[binding.verb.toLowerCase()] = operation(api, rpc, binding, response, body);
      }
    }
  }
  return {
    openapi: '3.1.1',
    info,
    tags: apis.map((api) => ({
      name: api.service.name,
      description: commentOf(descriptors.registry.getService(api.service.fullName)!),
    })),
    paths,
    components: {
      schemas: { Problem: PROBLEM, ...bodies, ...schemas.definitions },
      parameters: FIXED_HEADERS,
      headers: ANSWER_HEADERS,
      responses: {
        Problem: {
          description: 'The request was refused; nothing was changed.',
          content: { 'application/problem+json': { schema: { $ref: `${SCHEMAS}Problem` } } },
        },
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
    security: [{ bearer: [] }],
  };
};
