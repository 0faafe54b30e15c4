import { parseStream } from '@sanwang/kernel';
import type { PublishedEvent } from '@sanwang/event-store';
import type { ModelDefinition, ModelHandler } from '@sanwang/read-model';
import { z } from 'zod';
import { factsOf, textOf, type Facts } from './facts.ts';
import { summaries } from './summaries.ts';

const document = z.object({
  businessId: z.string(),
  /** Time of occurrence, stream, revision: the order of the file. */
  sortKey: z.string(),
  at: z.string(),
  type: z.string(),
  summary: z.string(),
  stream: z.string(),
  taskId: z.string().optional(),
  visitId: z.string().optional(),
  rectificationId: z.string().optional(),
  revision: z.int(),
});
export type FileDocument = z.infer<typeof document>;

/** Ids of the task, visit and order that an event is about: those it names, and that of its own stream. */
const linksOf = (event: PublishedEvent, facts: Facts): Pick<FileDocument, 'taskId' | 'visitId' | 'rectificationId'> => {
  const { aggregate, id } = parseStream(event.stream);
  const own = (name: string): string | undefined => (event.context === 'patrol' && aggregate === name ? id : undefined);
  const taskId = own('Task') ?? textOf(facts, 'taskId');
  const visitId = own('Visit') ?? textOf(facts, 'visitId') ?? textOf(facts, 'recheckVisitId');
  const rectificationId = own('Rectification');
  return { ...(taskId && { taskId }), ...(visitId && { visitId }), ...(rectificationId && { rectificationId }) };
};

const entry = (type: string, summary: (facts: Facts) => string): ModelHandler<FileDocument> => ({
  project: (_, event) => {
    const facts = factsOf(event);
    const businessId = textOf(facts, 'businessId');
    if (businessId === undefined) return undefined;
    // Taken down on the spot and sent later: the event names the instant itself.
    const at = textOf(facts, 'startedAt') ?? textOf(facts, 'completedAt') ?? event.at;
    return {
      businessId,
      sortKey: `${at} ${event.stream} ${String(event.revision).padStart(4, '0')}`,
      at,
      type,
      summary: summary(facts),
      stream: event.stream,
      ...linksOf(event, facts),
      revision: event.revision,
    };
  },
});

/** The file of a business 一企一档: one entry per public event about it. */
export const file: ModelDefinition<FileDocument> = {
  context: 'overview',
  name: 'file',
  version: 1,
  kind: 'entries',
  schema: document,
  on: Object.fromEntries(Object.entries(summaries).map(([type, summary]) => [type, entry(type, summary)])),
  indexes: [{ name: 'business', fields: ['businessId', 'sortKey'] }],
};
