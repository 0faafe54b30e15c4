import type { Catalogue } from '@sanwang/kernel';
import { z } from 'zod';
import type { ModelDefinition, ModelReader } from './port.ts';

/** The attachments that one event names, with the least and the greatest of their ids. */
const namedSchema = z.object({ ids: z.array(z.string()), first: z.string(), last: z.string() });
export type NamedAttachments = Readonly<z.infer<typeof namedSchema>>;

/**
 * The model of which attachments the events of a context have named: what it does not know may be removed after a day.
 * `idsOf` says, by event type, which ids an event's data names.
 */
export const attachmentsModel = (
  catalogue: Pick<Catalogue, 'context'>,
  idsOf: Readonly<Record<string, (data: never) => readonly string[]>>,
): ModelDefinition<NamedAttachments> => ({
  context: catalogue.context,
  name: 'attachments',
  version: 1,
  kind: 'entries',
  schema: namedSchema,
  on: Object.fromEntries(
    Object.entries(idsOf).map(([type, named]) => [
      `${catalogue.context}.${type}`,
      {
        project: (_doc, event) => {
          const ids = [...new Set(named(event.data as never))].sort();
          return ids.length === 0 ? undefined : { ids, first: ids[0]!, last: ids.at(-1)! };
        },
      },
    ]),
  ),
  // An attachment's id sorts by the time it was stored: what is named by recent events lies at the end.
  indexes: [{ name: 'last', fields: ['last', 'first'] }],
});

/** Those of the given attachments that an event has named, as far as the model has got. */
export const namedAmong = async (reader: ModelReader<NamedAttachments>, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  const asked = new Set(ids);
  const found = new Set<string>();
  const [oldest, newest] = [ids.toSorted()[0], ids.toSorted().at(-1)];
  if (oldest === undefined || newest === undefined) return found;
  let pageToken: string | undefined;
  do {
    const page = await reader.query({
      scope: 'everything',
      where: [
        { field: 'last', gte: oldest },
        { field: 'first', lte: newest },
      ],
      orderBy: { field: 'last', direction: 'asc' },
      limit: 500,
      ...(pageToken ? { pageToken } : {}),
    });
    for (const entry of page.items) for (const id of entry.ids) if (asked.has(id)) found.add(id);
    pageToken = page.nextPageToken;
  } while (pageToken && found.size < asked.size);
  return found;
};
