import { ATTACHMENT_TYPES, MAX_ATTACHMENT_BYTES } from '@sanwang/event-store';
import { notFound, uuidv7 } from '@sanwang/kernel';
import { bearerToken } from '@sanwang/rpc';
import type { House } from '@sanwang/service';
import type { FastifyInstance } from 'fastify';

/**
 * Photographs and documents, uploaded before the command that names them: `POST /v1/attachments` with the bytes as the body and
 * their media type as Content-Type answers `{ id, mediaType, size, hash }`; `GET /v1/attachments/{id}` gives them back.
 */
export const addAttachmentRoutes = (app: FastifyInstance, house: House): void => {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    for (const type of ATTACHMENT_TYPES)
      scope.addContentTypeParser(type, { bodyLimit: MAX_ATTACHMENT_BYTES + 1 }, (_request, payload, done) => done(null, payload));

    scope.post('/v1/attachments', { bodyLimit: MAX_ATTACHMENT_BYTES + 1 }, async (request, reply) => {
      const principal = await house.verify(bearerToken(request.headers.authorization));
      house.access.require(principal, 'patrol.attachment.store', { owner: principal.subject }, 'attachment', 'new');
      const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim();
      const info = await house.attachments.store(request.body as AsyncIterable<Uint8Array>, {
        mediaType,
        subject: `attachment.${uuidv7()}`,
      });
      return reply.status(201).send(info);
    });

    scope.get<{ Params: { id: string } }>('/v1/attachments/:id', async (request, reply) => {
      const principal = await house.verify(bearerToken(request.headers.authorization));
      house.access.require(principal, 'patrol.attachment.read', {}, 'attachment', request.params.id);
      const found = await house.attachments.open(request.params.id);
      if (!found) throw notFound('attachment', request.params.id);
      const chunks: Uint8Array[] = [];
      for await (const chunk of found.content) chunks.push(chunk);
      return reply
        .type(found.info.mediaType)
        .header('etag', `"${found.info.hash}"`)
        .header('cache-control', 'private, no-store')
        .header('content-disposition', 'attachment')
        .send(Buffer.concat(chunks));
    });
  });
};
