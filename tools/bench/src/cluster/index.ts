import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServices } from '@sanwang/platform';
import type { ModelDefinition } from '@sanwang/read-model';
import { cityStreams, taskStreams, type NewStream } from '../city.ts';
import { machine } from '../machine.ts';
import { appendStreams, cataloguesOf } from '../preload.ts';
import type { Figure, Report } from '../report.ts';
import { projectionRate } from './projection.ts';
import { relayRate } from './relay.ts';
import { openServers, type ServerUrls } from './servers.ts';
import { serviceFigures } from './services.ts';
import type { ClusterSize } from './size.ts';

export { clusterSizes, type ClusterSize } from './size.ts';
export type { ServerUrls } from './servers.ts';

function* cityWith(tasks: number): Generator<NewStream> {
  yield* cityStreams();
  const on = new Date().toISOString().slice(0, 10);
  for (let n = 0; n < tasks; n++) yield* taskStreams(n, on);
}

/**
 * Measures the way through the servers beside their floors. KurrentDB is a double in a process of its own: what the figures say of
 * the log is no more than that.
 */
export const runClusterBench = async (options: {
  readonly servers: ServerUrls;
  readonly size: ClusterSize;
  onStep?(step: string): void;
}): Promise<Report> => {
  const { size } = options;
  const step = (text: string): void => options.onStep?.(text);
  const about = machine();
  const scratch = await mkdtemp(join(tmpdir(), 'sanwang-bench-'));
  try {
    const servers = await openServers(options.servers, scratch);
    try {
      const found = await findServices();
      const catalogues = cataloguesOf(found);
      const { definition } = found.find(({ context }) => context === 'patrol')!;
      step(`a city with ${size.tasks} tasks in the double`);
      await appendStreams({ store: servers.store, keys: servers.mongo.keys }, catalogues, cityWith(size.tasks));
      const figures: Figure[] = [];
      step('relay');
      figures.push(...(await relayRate(servers, catalogues.get('patrol')!, size)));
      step('projection');
      const tasks = definition.models.find(({ name }) => name === 'tasks') as ModelDefinition;
      figures.push(...(await projectionRate(servers, [...catalogues.values()], tasks)));
      step('services');
      figures.push(...(await serviceFigures(servers, size)));
      return { machine: about, size: size.name, figures };
    } finally {
      await servers.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
