import { ATTACHMENT_TYPES, MAX_ATTACHMENT_BYTES } from '@sanwang/event-store';
import type { OpenApiDocument, OpenApiOperation } from '@sanwang/rpc';
import type { AttachmentRoute } from '@sanwang/service';

/** Where attachments are stored. */
export const STORE_PATH = '/v1/attachments';

const TAG = 'Attachments';
const bytes = { type: 'string', format: 'binary', maxLength: MAX_ATTACHMENT_BYTES };
const content = Object.fromEntries(ATTACHMENT_TYPES.map((type) => [type, { schema: bytes }]));
const problems = {
  '4XX': { $ref: '#/components/responses/Problem' },
  '5XX': { $ref: '#/components/responses/Problem' },
};

const store: OpenApiOperation = {
  operationId: 'Attachments_Store',
  tags: [TAG],
  summary: 'Stores a photograph 照片 or document, to be named by a command within a day',
  description: `Stores a photograph 照片 or document and answers its id, which a later command names, such as recordItems. The body is the file itself, at most ${MAX_ATTACHMENT_BYTES / 1024 / 1024} MiB. What no command has named within a day is removed.`,
  parameters: [],
  requestBody: { required: true, content },
  responses: {
    '201': {
      description: 'Stored.',
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['id', 'mediaType', 'size', 'hash', 'storedAt'],
            properties: {
              id: { type: 'string' },
              mediaType: { type: 'string' },
              size: { type: 'integer', description: 'Bytes.' },
              hash: { type: 'string', description: 'SHA-256 of the stored ciphertext, in hex.' },
              storedAt: { type: 'string', format: 'date-time' },
            },
          },
        },
      },
    },
    ...problems,
  },
};

/** `Attachments_GetOfVisit`, of `visit 检查`. */
const operationIdOf = (of: string): string => `Attachments_GetOf${of[0]!.toUpperCase()}${of.slice(1).split(' ', 1)[0]!}`;

const read = ({ of }: AttachmentRoute): OpenApiOperation => ({
  operationId: operationIdOf(of),
  tags: [TAG],
  summary: `The content of an attachment that a ${of} names`,
  description: `The content of an attachment that a ${of} names. Who may see the ${of} may see it; under any other it is not found.`,
  parameters: [
    { name: 'id', in: 'path', required: true, description: `Of the ${of}.`, schema: { type: 'string' } },
    { name: 'attachmentId', in: 'path', required: true, description: '', schema: { type: 'string' } },
    { $ref: '#/components/parameters/ReadToken' },
  ],
  responses: { '200': { description: 'The file as it was stored.', content }, ...problems },
});

/** The document with the operations on attachments, which carry bytes and so are no rpcs. */
export const withAttachments = (document: OpenApiDocument, routes: readonly AttachmentRoute[]): OpenApiDocument => ({
  ...document,
  tags: [...document.tags, { name: TAG, description: 'Photographs and documents, stored before the command that names them.' }],
  paths: {
    ...document.paths,
    [STORE_PATH]: { post: store },
    ...Object.fromEntries(routes.map((route) => [route.path, { get: read(route) }])),
  },
});
