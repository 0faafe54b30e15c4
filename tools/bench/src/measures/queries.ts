import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PublishedEvent } from '@sanwang/event-store';
import { findServices } from '@sanwang/platform';
import { searchTokens, type Document, type ModelDefinition, type ModelQuery, type ModelReader, type ModelStore } from '@sanwang/read-model';
import { openModels } from '@sanwang/sqlite';
import { areaOf, businessIdOf, businessOf, nameOf, officeOf, officersOf, OFFICES, taskStreams } from '../city.ts';
import type { BenchSize } from '../context.ts';
import type { Figure } from '../report.ts';
import { median } from '../statistics.ts';

export const tasksModel = async (): Promise<ModelDefinition> => {
  const services = await findServices();
  const patrol = services.find(({ context }) => context === 'patrol')!.definition;
  return patrol.models.find(({ name }) => name === 'tasks') as ModelDefinition;
};

const FIRST = Date.UTC(2024, 0, 1);
const SPAN = 730 * 86_400_000;
/** Task `n` of so many, which came one after another over two years. */
const documentOf = (model: ModelDefinition, n: number, of: number): { id: string; revision: number; doc: Document } => {
  const at = new Date(FIRST + Math.floor((n * SPAN) / of)).toISOString();
  const { events, stream } = taskStreams(n, at.slice(0, 10)).next().value!;
  let doc: Document | undefined;
  for (const [revision, { type, data }] of events.entries()) {
    doc = model.on[`patrol.${type}`]?.project(doc, { context: 'patrol', type, data, stream, revision, at } as PublishedEvent) ?? doc;
  }
  return { id: stream.slice('patrol.Task-'.length), revision: events.length - 1, doc: doc! };
};

const BATCH = 10_000;
/** Fills a new generation as a rebuild does, and swaps it in. */
const fill = async (store: ModelStore, model: ModelDefinition, count: number): Promise<void> => {
  const generation = await store.create(model);
  for (let start = 0; start < count; start += BATCH) {
    const documents = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => {
      const made = documentOf(model, start + index, count);
      return { ...made, tokens: searchTokens(model.search!(made.doc)), subjects: [] };
    });
    await generation.write({ documents, progress: [] });
  }
  await store.swap(model, generation.generation);
};

/** What officers ask of the tasks; `n` chooses the business, and with it the office. */
const questions = (reader: ModelReader): Readonly<Record<string, (n: number) => Promise<unknown>>> => {
  const office = (n: number) => ({ areas: [areaOf(n)], units: [officeOf(n)], owner: officersOf(n)[0] });
  const newest = { field: 'pooledAt', direction: 'desc' } as const;
  const ask = (query: Omit<ModelQuery, 'limit'>, limit = 50) => reader.query({ orderBy: newest, limit, ...query });
  const search = (n: number, text: string) => ask({ scope: office(n), search: text }, 10);
  return {
    'the newest of an office': (n) => ask({ scope: office(n) }),
    'those of an office that are dispatched': (n) => ask({ scope: office(n), where: [{ field: 'status', eq: 'dispatched' }] }),
    'of an office without tasks': () => ask({ scope: { areas: ['880001'], units: ['nowhere'] } }),
    'of an office, by priority': (n) => ask({ scope: office(n), orderBy: { field: 'priority', direction: 'asc' } }),
    'of an office, by due date': (n) => ask({ scope: office(n), orderBy: { field: 'dueOn', direction: 'asc' } }),
    'of a business': (n) => ask({ scope: office(n), where: [{ field: 'businessId', eq: businessIdOf(n) }] }),
    'the own ones of an officer': (n) => ask({ scope: { areas: [], units: [], owner: officersOf(n)[0] } }),
    'the newest of the city': () => ask({ scope: 'everything' }),
    'the fortieth page of the city': async () => {
      let pageToken: string | undefined;
      for (let page = 0; page < 40; page++) pageToken = (await ask({ scope: 'everything', ...(pageToken && { pageToken }) })).nextPageToken;
    },
    'search: the name of a business': (n) => search(n, nameOf(businessOf(n))),
    'search: a key': (n) => search(n, `loaded-${n}`),
    'search: a word of all names': (n) => search(n, '餐饮'),
    'search: a word of every fifth name': (n) => search(n, '福满'),
    'search: a number': (n) => search(n, '第12号'),
    'search: what there is not': (n) => search(n, '兰州拉面'),
    'numbers by status, of an office': (n) => reader.count({ scope: office(n), by: ['status'] }),
    'numbers by status, of the city': () => reader.count({ scope: 'everything', by: ['status'] }),
  };
};

/** What a list, a search and a count of the tasks cost the store, by the number of documents. */
export const queryCost = async (scratch: string, { documents, queries }: BenchSize): Promise<readonly Figure[]> => {
  const model = await tasksModel();
  const figures: Figure[] = [];
  for (const count of documents) {
    const folder = join(scratch, 'queries');
    const store = openModels(folder);
    try {
      const begun = performance.now();
      await fill(store, model, count);
      const filled = (performance.now() - begun) / 1000;
      const costs: Record<string, number> = {};
      for (const [name, run] of Object.entries(questions(await store.reader(model)))) {
        const times: number[] = [];
        for (let n = 0; n < Math.min(queries, 50); n++) {
          const before = process.cpuUsage();
          await run(((n * 7_919) % OFFICES) + OFFICES * (n % 40));
          const { user, system } = process.cpuUsage(before);
          times.push((user + system) / 1000);
        }
        costs[`${name} (ms)`] = median(times);
      }
      const value = Math.max(...Object.values(costs));
      figures.push({
        id: 'lists',
        name: `CPU of the slowest of ${Object.keys(costs).length} kinds of lists, searches and counts at ${count} tasks`,
        unit: 'ms',
        value,
        aim: '≤ 100 ms',
        met: value <= 100,
        beside: { ...costs, 'filling the model, with search (s)': filled },
      });
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  }
  return figures;
};
