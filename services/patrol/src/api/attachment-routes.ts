import { PatrolServiceDefinition } from '@sanwang/contracts/patrol';
import { attachmentRoute, type AttachmentRoute } from '@sanwang/service';

/** Photographs 照片 and documents are read below the visit or the rectification that names them. */
export const attachmentRoutes: readonly AttachmentRoute[] = [
  attachmentRoute({
    path: '/v1/patrol/visits/{id}/attachments/{attachmentId}',
    of: 'visit 检查',
    service: PatrolServiceDefinition,
    method: 'getVisit',
    naming: ({ area, unit, officers, attachments, items }) => ({
      area,
      unit,
      owners: officers,
      attachments: [...attachments, ...items.flatMap((item) => item.attachments)],
    }),
  }),
  attachmentRoute({
    path: '/v1/patrol/rectifications/{id}/attachments/{attachmentId}',
    of: 'rectification 整改',
    service: PatrolServiceDefinition,
    method: 'getRectification',
    naming: ({ area, unit, attachments }) => ({ area, unit, owners: [], attachments }),
  }),
];
