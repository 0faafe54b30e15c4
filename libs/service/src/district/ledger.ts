import type { Document, ModelGeneration, ModelReader, ModelStore } from '@sanwang/read-model';
import { districtLedger, type Entry, type Whole } from './model.ts';

const WHOLE = '$whole';
const nothing: Whole = { asOf: '', areas: {}, topics: {} };

/** What was sent where, durable. One writer. */
export interface Ledger {
  load(streams: readonly string[]): Promise<Map<string, Entry>>;
  save(entries: ReadonlyMap<string, Entry>): Promise<void>;
  /** Up to where the whole has come: the districts' areas that are carried out, the topics, the model's generation. */
  whole(): Promise<Whole>;
  saveWhole(whole: Whole): Promise<void>;
  /** The streams of a district's objects, in pages. */
  of(district: string): AsyncIterable<readonly string[]>;
}

export const openLedger = async (models: ModelStore, context: string): Promise<Ledger> => {
  const definition = districtLedger(context);
  const generation: ModelGeneration = await models.live(definition);
  const reader: ModelReader<Entry & Document> = await models.reader(definition);
  /** How often each entry was written: a store refuses what is older than it has. */
  const written = new Map<string, number>();
  const write = async (entries: Iterable<readonly [string, Entry]>): Promise<void> => {
    const documents = [...entries].map(([id, doc]) => {
      const revision = (written.get(id) ?? -1) + 1;
      written.set(id, revision);
      return { id, revision, doc: { ...doc, stream: id }, tokens: [], subjects: [] };
    });
    if (documents.length > 0) await generation.write({ documents, progress: [] });
  };
  const load = async (streams: readonly string[]): Promise<Map<string, Entry>> => {
    const found = new Map<string, Entry>();
    written.clear();
    for (const [id, { revision, doc }] of await generation.load(streams)) {
      written.set(id, revision);
      if (doc) found.set(id, doc as Entry & Document);
    }
    return found;
  };
  return {
    load,
    save: write,
    whole: async () => (await load([WHOLE])).get(WHOLE)?.whole ?? nothing,
    async saveWhole(whole) {
      await load([WHOLE]);
      await write([[WHOLE, { through: -1, whole }]]);
    },
    async *of(district) {
      let pageToken: string | undefined;
      do {
        const page = await reader.query({
          scope: 'everything',
          where: [{ field: 'district', eq: district }],
          limit: 500,
          ...(pageToken && { pageToken }),
        });
        yield page.items.map(({ stream }) => String(stream));
        pageToken = page.nextPageToken;
      } while (pageToken);
    },
  };
};
