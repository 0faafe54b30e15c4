import { Readable } from 'node:stream';
import { ATTACHMENT_TYPES, MAX_ATTACHMENT_BYTES } from '@sanwang/event-store';
import type { Principal } from '@sanwang/identity';
import { notFound } from '@sanwang/kernel';
import { callerOf, callOf, type Endpoint, type RestServer } from '@sanwang/rpc';
import type { House } from '@sanwang/service';
import { STORE_PATH } from './attachment-operations.ts';

interface AttachmentDoor {
  readonly endpoints: readonly Endpoint[];
  /** Counts an upload as a call of this subject; throws beyond the rate limit. */
  took(subject: string): void;
}

/** Who may name an attachment anywhere may store one: it has no place until a command names it. */
const requireStore = ({ access, attachmentRoutes }: House, principal: Principal): void => {
  const contexts = [...new Set(attachmentRoutes.map(({ context }) => context))];
  for (const [index, context] of contexts.entries()) {
    try {
      return access.require(principal, `${context}.attachment.store`, { owner: principal.subject }, 'attachment', 'new');
    } catch (error) {
      if (index === contexts.length - 1) throw error;
    }
  }
};

/**
 * Photographs and documents, uploaded before the command that names them: `POST /v1/attachments` with the bytes as the body
 * and their media type as Content-Type. They are read below the thing that names them, such as a visit, by those who may see it; elsewhere they
 * are not found.
 */
export const addAttachmentRoutes = (app: RestServer, house: House, { endpoints, took }: AttachmentDoor): void => {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    for (const type of ATTACHMENT_TYPES)
      scope.addContentTypeParser(type, { bodyLimit: MAX_ATTACHMENT_BYTES + 1 }, (_request, payload, done) => done(null, payload));

    scope.post(
      STORE_PATH,
      { bodyLimit: MAX_ATTACHMENT_BYTES + 1, config: { takes: ATTACHMENT_TYPES.join(' or ') }, onRequest: app.authenticate },
      async (request, reply) => {
        const { principal } = callerOf(request);
        took(principal.subject);
        requireStore(house, principal);
        const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim();
        const content = (request.body as AsyncIterable<Uint8Array> | undefined) ?? Readable.from([]);
        return reply.status(201).send(await house.attachments.store(content, { mediaType }));
      },
    );
  });

  for (const { context, path, service, method, naming } of house.attachmentRoutes) {
    const endpoint = endpoints.find((one) => one.service.fullName === service.fullName);
    if (!endpoint) throw new Error(`nobody answers ${service.fullName}, which names attachments`);
    app.get<{ Params: { id: string; attachmentId: string } }>(
      path.replaceAll(/\{(\w+)\}/g, ':$1'),
      { config: { template: path }, onRequest: app.authenticate },
      async (request, reply) => {
        const { id, attachmentId } = request.params;
        const call = callOf(request, `${service.fullName}/${service.methods[method]!.name}`);
        const { area, unit, owners, attachments } = naming(
          await endpoint.invoke({ service: endpoint.service, method, request: { id }, call }),
        );
        const { subject } = call.principal;
        const target = { area, unit, ...(owners.includes(subject) && { owner: subject }) };
        house.access.require(call.principal, `${context}.attachment.read`, target, 'attachment', attachmentId);
        const named = attachments.some((attachment) => attachment.id === attachmentId);
        const found = named ? await house.attachments.open(attachmentId) : undefined;
        if (!found) throw notFound('attachment', attachmentId);
        return reply
          .type(found.info.mediaType)
          .headers({
            etag: `"${found.info.hash}"`,
            'content-length': found.info.size,
            'cache-control': 'private, no-store',
            'content-disposition': 'attachment',
          })
          .send(Readable.from(found.content));
      },
    );
  }
};
