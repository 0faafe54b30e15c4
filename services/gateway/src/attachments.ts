import { Readable } from 'node:stream';
import { ATTACHMENT_TYPES, MAX_ATTACHMENT_BYTES } from '@sanwang/event-store';
import { PatrolServiceDefinition, type GetRectificationResponse, type GetVisitResponse } from '@sanwang/contracts/patrol';
import { notFound } from '@sanwang/kernel';
import { callerOf, callOf, type Endpoint, type RestServer } from '@sanwang/rpc';
import type { House } from '@sanwang/service';
import { ATTACHMENT_PATHS } from './attachment-operations.ts';

/** What names attachments: whose, where, and which. */
interface Naming {
  readonly area: string;
  readonly unit: string;
  readonly owners: readonly string[];
  readonly attachments: readonly { readonly id: string }[];
}
const ofVisit = ({ area, unit, officers, attachments, items }: GetVisitResponse): Naming => ({
  area,
  unit,
  owners: officers,
  attachments: [...attachments, ...items.flatMap((item) => item.attachments)],
});
const ofRectification = ({ area, unit, attachments }: GetRectificationResponse): Naming => ({ area, unit, owners: [], attachments });

interface AttachmentRoutes {
  readonly patrol: Endpoint;
  /** Counts an upload as a call of this subject; throws beyond the rate limit. */
  took(subject: string): void;
}

/**
 * Photographs and documents, uploaded before the command that names them: `POST /v1/attachments` with the bytes as the body
 * and their media type as Content-Type. They are read below the visit or rectification that names them, by those who may see
 * it; elsewhere they are not found.
 */
export const addAttachmentRoutes = (app: RestServer, house: House, { patrol, took }: AttachmentRoutes): void => {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    for (const type of ATTACHMENT_TYPES)
      scope.addContentTypeParser(type, { bodyLimit: MAX_ATTACHMENT_BYTES + 1 }, (_request, payload, done) => done(null, payload));

    scope.post(
      ATTACHMENT_PATHS.store,
      { bodyLimit: MAX_ATTACHMENT_BYTES + 1, config: { takes: ATTACHMENT_TYPES.join(' or ') }, onRequest: app.authenticate },
      async (request, reply) => {
        const { principal } = callerOf(request);
        took(principal.subject);
        house.access.require(principal, 'patrol.attachment.store', { owner: principal.subject }, 'attachment', 'new');
        const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim();
        const content = (request.body as AsyncIterable<Uint8Array> | undefined) ?? Readable.from([]);
        return reply.status(201).send(await house.attachments.store(content, { mediaType }));
      },
    );
  });

  const addReading = <Response>(template: string, method: 'getVisit' | 'getRectification', read: (response: Response) => Naming): void => {
    app.get<{ Params: { id: string; attachmentId: string } }>(
      template.replaceAll(/\{(\w+)\}/g, ':$1'),
      { config: { template }, onRequest: app.authenticate },
      async (request, reply) => {
        const { id, attachmentId } = request.params;
        const { name } = PatrolServiceDefinition.methods[method];
        const call = callOf(request, `${PatrolServiceDefinition.fullName}/${name}`);
        const { area, unit, owners, attachments } = read(
          (await patrol.invoke({ service: patrol.service, method, request: { id }, call })) as Response,
        );
        const { subject } = call.principal;
        const target = { area, unit, ...(owners.includes(subject) && { owner: subject }) };
        house.access.require(call.principal, 'patrol.attachment.read', target, 'attachment', attachmentId);
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
  };
  addReading(ATTACHMENT_PATHS.ofVisit, 'getVisit', ofVisit);
  addReading(ATTACHMENT_PATHS.ofRectification, 'getRectification', ofRectification);
};
