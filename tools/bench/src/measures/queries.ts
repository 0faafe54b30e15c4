import { join } from 'node:path';
import { findServices } from '@sanwang/platform';
import type { PublishedEvent } from '@sanwang/event-store';
import {
  searchTokens,
  type Document,
  type ModelDefinition,
  type ModelGeneration,
  type ModelQuery,
  type ModelReader,
  type ModelStore,
} from '@sanwang/read-model';
import { openModels } from '@sanwang/sqlite';
import type { BenchSize } from '../context.ts';
import type { Figure } from '../report.ts';
import { median, percentile } from '../statistics.ts';
import { areaOf, businessIdOf, businessOf, nameOf, officeOf, officersOf, OFFICES, taskStreams } from '../city.ts';

export const tasksModel = async (): Promise<ModelDefinition> => {
  const services = await findServices();
  const patrol = services.find(({ context }) => context === 'patrol')!.definition;
  return patrol.models.find(({ name }) => name === 'tasks') as ModelDefinition;
};

const DAY_MS = 86_400_000;
const FIRST = Date.UTC(2024, 0, 1);
/** Task `n` of so many, which came one after another over two years. */
const documentOf = (model: ModelDefinition, n: number, of: number): { id: string; revision: number; doc: Document } => {
  const at = new Date(FIRST + Math.floor((n * 730 * DAY_MS) / of)).toISOString();
  const [stream] = taskStreams(n, at.slice(0, 10));
  let doc: Document | undefined;
  const { events, stream: name } = stream!;
  for (const [revision, { type, data }] of events.entries()) {
    const event = { context: 'patrol', type, data, stream: name, revision, at } as PublishedEvent;
    doc = model.on[`patrol.${type}`]?.project(doc, event) ?? doc;
  }
  return { id: name.slice('patrol.Task-'.length), revision: events.length - 1, doc: doc! };
};

const BATCH = 10_000;
/** Fills a new generation as a rebuild does, and swaps it in. */
const fillTasks = async (store: ModelStore, model: ModelDefinition, count: number): Promise<void> => {
  const generation: ModelGeneration = await store.create(model);
  for (let start = 0; start < count; start += BATCH) {
    const documents = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => {
      const written = documentOf(model, start + index, count);
      return { ...written, tokens: searchTokens(model.search!(written.doc)), subjects: [] };
    });
    await generation.write({ documents, progress: [] });
  }
  await store.swap(model, generation.generation);
};

/** What officers ask for, from lists of an office to counts of the city. */
const kindsOf = (reader: ModelReader): Readonly<Record<string, (n: number) => Promise<unknown>>> => {
  const office = (n: number) => ({ areas: [areaOf(n)], units: [officeOf(n)], owner: officersOf(n)[0] });
  const newest = { field: 'pooledAt', direction: 'desc' } as const;
  return {
    'office, newest 50': (n) => reader.query({ scope: office(n), orderBy: newest, limit: 50 }),
    'office, dispatched': (n) =>
      reader.query({ scope: office(n), where: [{ field: 'status', eq: 'dispatched' }], orderBy: newest, limit: 50 }),
    'office, pooled high priority none': (n) =>
      reader.query({ scope: office(n), where: [{ field: 'status', eq: 'cancelled' }], orderBy: newest, limit: 50 }),
    'office by unit filter, by due': (n) =>
      reader.query({
        scope: office(n),
        where: [
          { field: 'unit', eq: officeOf(n) },
          { field: 'status', eq: 'accepted' },
        ],
        orderBy: { field: 'dueOn', direction: 'asc' },
        limit: 50,
      }),
    'office, oldest first': (n) => reader.query({ scope: office(n), orderBy: { field: 'pooledAt', direction: 'asc' }, limit: 50 }),
    'no such office': () => reader.query({ scope: { areas: ['880001'], units: ['nowhere'] }, orderBy: newest, limit: 50 }),
    'priority order': (n) => reader.query({ scope: office(n), orderBy: { field: 'priority', direction: 'asc' }, limit: 50 }),
    'due order': (n) => reader.query({ scope: office(n), orderBy: { field: 'dueOn', direction: 'asc' }, limit: 50 }),
    business: (n) => reader.query({ scope: office(n), where: [{ field: 'businessId', eq: businessIdOf(n) }], orderBy: newest, limit: 50 }),
    officer: (n) => reader.query({ scope: office(n), where: [{ field: 'officers', eq: officersOf(n)[0] }], orderBy: newest, limit: 50 }),
    'own only': (n) => reader.query({ scope: { areas: [], units: [], owner: officersOf(n)[0] }, orderBy: newest, limit: 50 }),
    'search name (P10)': (n) => reader.query({ scope: office(n), search: nameOf(businessOf(n)), orderBy: newest, limit: 10 }),
    'search key': (n) => reader.query({ scope: office(n), search: `loaded-${n}`, orderBy: newest, limit: 10 }),
    'search 餐饮': (n) => reader.query({ scope: office(n), search: '餐饮', orderBy: newest, limit: 10 }),
    'search 福满': (n) => reader.query({ scope: office(n), search: '福满', orderBy: newest, limit: 10 }),
    'search 第12号': (n) => reader.query({ scope: office(n), search: '第12号', orderBy: newest, limit: 10 }),
    'search none': (n) => reader.query({ scope: office(n), search: '兰州拉面', orderBy: newest, limit: 10 }),
    'city, newest 50': () => reader.query({ scope: 'everything', orderBy: newest, limit: 50 }),
    'city, page 40': async () => {
      let pageToken: string | undefined;
      for (let page = 0; page < 40; page++) {
        const query: ModelQuery = { scope: 'everything', orderBy: newest, limit: 50, ...(pageToken ? { pageToken } : {}) };
        pageToken = (await reader.query(query)).nextPageToken;
      }
    },
    'office, count by status': (n) => reader.count({ scope: office(n), by: ['status'] }),
    'city, count by status': () => reader.count({ scope: 'everything', by: ['status'] }),
    'city, count dispatched by unit': () =>
      reader.count({ scope: 'everything', where: [{ field: 'status', eq: 'dispatched' }], by: ['unit'] }),
  };
};

/** A kind is asked for so long and so often at most. */
const KIND_MS = 1_500;
const KIND_TIMES = 200;

/** CPU of single lists, searches and counts over a model of many tasks, without HTTP: nothing may grow with the city. */
export const queryCosts = async (scratch: string, size: BenchSize): Promise<readonly Figure[]> => {
  const model = await tasksModel();
  const store = openModels(join(scratch, 'queries'));
  try {
    await fillTasks(store, model, size.documents);
    const costs: { readonly kind: string; readonly p50: number; readonly p95: number }[] = [];
    for (const [kind, run] of Object.entries(kindsOf(await store.reader(model)))) {
      const times: number[] = [];
      const until = performance.now() + KIND_MS;
      for (let n = 0; n < KIND_TIMES && (n === 0 || performance.now() < until); n++) {
        const begun = process.cpuUsage();
        await run(((n * 7919) % OFFICES) + OFFICES * (n % 40));
        const { user, system } = process.cpuUsage(begun);
        times.push((user + system) / 1000);
      }
      costs.push({ kind, p50: median(times), p95: percentile(times, 0.95) });
    }
    const all = costs.map(({ p95 }) => p95);
    return [
      {
        id: 'queries',
        name: `CPU of a list, search or count over ${size.documents} tasks: the middle kind's p95`,
        unit: 'ms',
        value: median(all),
        spread: { low: Math.min(...all), high: Math.max(...all) },
        aim: null,
        met: null,
        beside: Object.fromEntries(
          costs.flatMap(({ kind, p50, p95 }) => [
            [`${kind}, p50 (ms)`, p50],
            [`${kind}, p95 (ms)`, p95],
          ]),
        ),
      },
    ];
  } finally {
    await store.close();
  }
};
