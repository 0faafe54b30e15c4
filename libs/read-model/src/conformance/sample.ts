import { randomBytes } from 'node:crypto';
import { personal, personalText, type Personal } from '@sanwang/kernel';
import { sealPersonal, type Keys, type PublishedEvent, type PublishedPage, type SubjectKey } from '@sanwang/event-store';
import type { PartitionProgress } from '@sanwang/messaging';
import { z } from 'zod';
import type { Document, ModelDefinition, ModelHandler } from '../port.ts';
import type { RebuildSources } from '../making.ts';

const shop = z.object({
  id: z.string(),
  revision: z.number(),
  name: z.string(),
  area: z.string().optional(),
  unit: z.string().optional(),
  owner: z.string().optional(),
  rank: z.number().nullable().optional(),
  urgent: z.boolean().optional(),
  visits: z.number(),
  keepers: z.array(z.string()).optional(),
  codes: z.array(z.number()).optional(),
  contact: personal(z.string()).optional(),
  recordedAt: z.string(),
});
export type Shop = z.infer<typeof shop>;

const change = (update: (doc: Shop, event: PublishedEvent) => Shop): ModelHandler<Shop> => ({
  project: (doc, event) => (doc ? { ...update(doc, event), revision: event.revision } : doc),
});

/** A model of one document per shop; `broken` makes the handler of `Renamed` fail for some names. */
export const shops = (broken: (name: string) => boolean = () => false): ModelDefinition<Shop> => ({
  context: 'sample',
  name: 'shops',
  version: 1,
  kind: 'stream',
  schema: shop,
  on: {
    'sample.ShopOpened': {
      project: (_, event) => ({
        visits: 0,
        ...(event.data as Omit<Shop, 'visits' | 'revision' | 'recordedAt'>),
        revision: event.revision,
        recordedAt: event.recordedAt,
      }),
    },
    'sample.ShopRenamed': change((doc, event) => {
      const { name } = event.data as { name: string };
      if (broken(name)) throw new Error('cannot take this name');
      return { ...doc, name };
    }),
    'sample.ShopVisited': change((doc) => ({ ...doc, visits: doc.visits + 1 })),
    'sample.ShopClosed': { project: () => undefined },
  },
  indexes: [
    { name: 'unit', fields: ['unit', 'rank'] },
    { name: 'name', fields: ['name'] },
    { name: 'rank', fields: ['rank'] },
    { name: 'urgent', fields: ['urgent'] },
    { name: 'visits', fields: ['visits'] },
    { name: 'area', fields: ['area', 'keepers'] },
    { name: 'keepers', fields: ['keepers', 'rank'] },
    { name: 'codes', fields: ['rank', 'codes'] },
  ],
  search: (doc) => [doc.name, personalText(doc.contact) ?? ''],
  scope: { area: 'area', unit: 'unit', owner: 'owner' },
  opens: ['sample.ShopOpened'],
  notHashed: ['recordedAt'],
});

/** The same documents, owned by whoever is in the list of keepers. */
export const keptShops = (): ModelDefinition<Shop> => ({
  ...shops(),
  name: 'kept-shops',
  scope: { area: 'area', unit: 'unit', owner: 'keepers' },
});

/** A model of one entry per event. */
export const journal: ModelDefinition = {
  context: 'sample',
  name: 'journal',
  version: 1,
  kind: 'entries',
  schema: z.record(z.string(), z.unknown()),
  on: Object.fromEntries(
    ['ShopOpened', 'ShopRenamed', 'ShopVisited', 'ShopClosed'].map((type): [string, ModelHandler<Document>] => [
      `sample.${type}`,
      { project: (_, event) => ({ stream: event.stream, type: event.type, at: event.at }) },
    ]),
  ),
  indexes: [{ name: 'at', fields: ['at'] }],
};

/** A double of the key store, in memory. */
export const memoryKeys = (): Keys => {
  const keys = new Map<string, SubjectKey | 'destroyed'>();
  return {
    find: async (subjects) => new Map(subjects.flatMap((subject) => (keys.has(subject) ? [[subject, keys.get(subject)!]] : []))),
    ensure: async (subjects) =>
      new Map(
        subjects.map((subject) => {
          const key = keys.get(subject) ?? { id: `key.${subject}`, bytes: randomBytes(32) };
          if (key === 'destroyed') throw new Error('destroyed');
          keys.set(subject, key);
          return [subject, key];
        }),
      ),
    destroy: async (subject) => void keys.set(subject, 'destroyed'),
    destroyed: async () => [...keys].filter(([, key]) => key === 'destroyed').map(([subject]) => subject),
    secret: async () => randomBytes(32),
    close: async () => undefined,
  };
};

/** A log in memory as `published()` yields it, in pages of `pageSize`; personal fields sealed with `keys`. */
export const sampleLog = (keys: Pick<Keys, 'ensure'>) => {
  const events: PublishedEvent[] = [];
  const revisions = new Map<string, number>();
  const add = async (context: string, type: string, stream: string, data: unknown, paths: readonly (readonly string[])[] = []) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const position = events.length;
    const [sealed] = await sealPersonal(keys, [{ type: `${context}.${type}`, data, paths }]);
    const event: PublishedEvent = {
      context,
      type,
      stream,
      revision,
      position,
      version: 1,
      visibility: 'public',
      id: `event-${position}`,
      at: new Date(Date.UTC(2026, 0, 1) + position * 60_000).toISOString(),
      recordedAt: new Date().toISOString(),
      actor: 'officer-1',
      commandId: `command-${position}`,
      correlationId: `correlation-${position}`,
      data: sealed,
    };
    events.push(event);
    return event;
  };
  const sources = (pageSize = 100): RebuildSources => ({
    ends: async (context) => [{ topic: `sanwang.${context}.v1`, generation: 'g1', partition: 0, nextOffset: 7 }],
    head: async (context) => events.filter((event) => event.context === context).at(-1)?.position ?? -1,
    async *read(context, { after }): AsyncGenerator<PublishedPage> {
      const own = events.filter((event) => event.context === context && event.position > after);
      for (let start = 0; start < own.length; start += pageSize) {
        const page = own.slice(start, start + pageSize);
        yield { events: page, position: page.at(-1)!.position };
      }
    },
  });
  return {
    events,
    sources,
    open: (id: string, fields: Partial<Shop> & { contact?: Personal } = {}) =>
      add('sample', 'ShopOpened', `sample.Shop-${id}`, { id, name: `店${id}`, ...fields }, [['contact']]),
    rename: (id: string, name: string) => add('sample', 'ShopRenamed', `sample.Shop-${id}`, { name }),
    visit: (id: string) => add('sample', 'ShopVisited', `sample.Shop-${id}`, {}),
    close: (id: string) => add('sample', 'ShopClosed', `sample.Shop-${id}`, {}),
    erase: (subject: string) => add('directory', 'SubjectErased', `directory.Subject-${subject}`, { subject, reason: 'request' }),
  };
};

/** Progress of one partition of the sample's topic. */
export const progressTo = (position: number, context = 'sample'): PartitionProgress => ({
  topic: `sanwang.${context}.v1`,
  generation: 'g1',
  partition: 0,
  nextOffset: position + 1,
  position,
});

/** A document as `write` takes it. */
export const written = (id: string, revision: number, doc: Document | undefined, tokens: readonly string[] = []) => ({
  id,
  revision,
  doc,
  tokens,
  subjects: [] as readonly string[],
});

/** Five shops that are visited, renamed, closed; the contact of one is erased. */
export const someHistory = async (keys: Pick<Keys, 'ensure'>) => {
  const log = sampleLog(keys);
  for (const id of ['1', '2', '3', '4', '5']) {
    await log.open(id, { area: `17${id}`, rank: Number(id), contact: { subject: `person.${id}`, value: `张三${id}` } });
  }
  for (const id of ['1', '2', '3', '1']) await log.visit(id);
  await log.rename('2', '新店');
  await log.close('3');
  await log.erase('person.2');
  await log.visit('2');
  return log;
};
