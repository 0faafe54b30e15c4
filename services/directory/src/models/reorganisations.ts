import { parseStream } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { ModelDefinition } from '@sanwang/read-model';
import { z } from 'zod';
import { reorganisationContent, type ReorganisationData } from '../reorganisation/events.ts';

export const reorganisationStatuses = ['announced', 'withdrawn', 'in-force'] as const;
const document = reorganisationContent.extend({
  id: z.string(),
  status: z.enum(reorganisationStatuses),
  announcedAt: z.string(),
  reason: z.string().optional(),
  revision: z.int(),
});
export type ReorganisationDocument = z.infer<typeof document>;

const become = (status: ReorganisationDocument['status']) => ({
  project: (doc: ReorganisationDocument | undefined, { data, revision }: PublishedEvent) => {
    const { reason } = data as { reason?: string };
    return doc && { ...doc, status, ...(reason !== undefined && { reason }), revision };
  },
});

/** The reorganisations, announced, withdrawn and in force. */
export const reorganisations: ModelDefinition<ReorganisationDocument> = {
  context: 'directory',
  name: 'reorganisations',
  version: 1,
  kind: 'stream',
  schema: document,
  on: {
    'directory.ReorganisationAnnounced': {
      project: (_, { stream, at, data, revision }) => ({
        id: parseStream(stream).id,
        status: 'announced',
        ...(data as ReorganisationData),
        announcedAt: at,
        revision,
      }),
    },
    'directory.ReorganisationWithdrawn': become('withdrawn'),
    'directory.ReorganisationTookEffect': become('in-force'),
  },
  indexes: [
    { name: 'id', fields: ['id'] },
    { name: 'effective', fields: ['effectiveOn', 'status'] },
    { name: 'status', fields: ['status', 'effectiveOn'] },
  ],
};
