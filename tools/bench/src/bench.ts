import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cityStreams, taskStreams, type NewStream } from './city.ts';
import type { BenchSize } from './context.ts';
import { machine } from './machine.ts';
import { appendSyncs } from './measures/appends.ts';
import { commandCost } from './measures/commands.ts';
import { diskBytes } from './measures/disk.ts';
import { appendGrowth } from './measures/growth.ts';
import { idleMemory } from './measures/idle.ts';
import { lifecycles } from './measures/lifecycles.ts';
import { listCost } from './measures/lists.ts';
import { overload } from './measures/overload.ts';
import { queryCosts } from './measures/queries.ts';
import { rebuilds } from './measures/rebuilds.ts';
import { visibility } from './measures/visibility.ts';
import { startPlatform } from './platform-process.ts';
import { preload } from './preload.ts';
import type { Figure, Report } from './report.ts';

export const benchIds = ['P1', 'P3', 'P4', 'P5', 'P6', 'P7', 'P10', 'P11', 'P12', 'queries', 'disk'] as const;
export type BenchId = (typeof benchIds)[number];

export interface BenchOptions {
  readonly size: BenchSize;
  /** All when absent. */
  readonly only?: readonly BenchId[];
  /** A folder for CPU profiles of the platform's process (P1, P7, P10). */
  readonly profile?: string;
  /** Told before each step. */
  onStep?(step: string): void;
}

function* tasksFrom(from: number, to: number): Generator<NewStream> {
  const on = new Date().toISOString().slice(0, 10);
  for (let n = from; n < to; n++) yield* taskStreams(n, on);
}
function* cityWith(tasks: number): Generator<NewStream> {
  yield* cityStreams();
  yield* tasksFrom(0, tasks);
}

/** Streams through the append port, models by rebuild; then a first start, in which the relays fill the bus. */
const load = async (folder: string, streams: Iterable<NewStream>): Promise<void> => {
  await preload(folder, streams);
  const platform = await startPlatform(folder);
  await platform.process.ask('settle', { seconds: 900 });
  await platform.stop();
};

/** Runs the measures one after the other on a made-up city in a temporary folder, each on a platform started anew. */
export const runBench = async (options: BenchOptions): Promise<Report> => {
  const { size, profile } = options;
  const wanted = new Set<BenchId>(options.only ?? benchIds);
  const wants = (...ids: readonly BenchId[]): boolean => ids.some((id) => wanted.has(id));
  const step = (text: string): void => options.onStep?.(text);
  const scratch = await mkdtemp(join(tmpdir(), 'sanwang-bench-'));
  const folder = join(scratch, 'data');
  const about = machine();
  const figures: Figure[] = [];
  try {
    if (wants('P3')) {
      step('P3: appends');
      figures.push(...(await appendSyncs(scratch, size)));
    }
    if (wants('P6')) {
      step('P6: appends in a large log');
      figures.push(...(await appendGrowth(scratch, size)));
    }
    if (wants('queries')) {
      step(`lists and searches over ${size.documents} tasks`);
      figures.push(...(await queryCosts(scratch, size)));
    }
    if (wants('P1', 'P4', 'P5', 'P7', 'P10', 'P11', 'P12', 'disk')) {
      step(`a city with ${size.tasks} tasks`);
      await load(folder, cityWith(size.tasks));
    }
    if (wants('P11')) {
      step('P11: idle memory');
      figures.push(...(await idleMemory(folder, join(scratch, 'empty'), size)));
    }
    if (wants('P7')) {
      step('P7: lists');
      figures.push(...(await listCost(folder, size, profile)));
    }
    let perSecond: number | undefined;
    if (wants('P10')) {
      step(`P10: lifecycles at ${size.tasks} tasks`);
      const few = await lifecycles(folder, scratch, size, { tasks: size.tasks }, profile);
      figures.push(...few.figures);
      perSecond = few.perSecond;
    }
    if (wants('P1')) {
      step('P1: commands');
      figures.push(...(await commandCost(folder, scratch, size, profile)));
    }
    if (wants('P4')) {
      step('P4: visibility');
      figures.push(...(await visibility(folder, size)));
    }
    if (wants('P12')) {
      step('P12: overload');
      figures.push(...(await overload(folder, size)));
    }
    if (wants('P5', 'P10', 'disk')) {
      step(`the same city with ${size.manyTasks} tasks`);
      await load(folder, tasksFrom(size.tasks, size.manyTasks));
    }
    if (wants('P5')) {
      step('P5: rebuilds');
      figures.push(...(await rebuilds(folder, scratch, size)));
    }
    if (wants('P10')) {
      step(`P10: lifecycles at ${size.manyTasks} tasks`);
      const loaded = { tasks: size.manyTasks, ...(perSecond !== undefined && { tasksPerSecond: perSecond }) };
      figures.push(...(await lifecycles(folder, scratch, size, loaded, profile)).figures);
    }
    if (wants('disk')) figures.push(...diskBytes(folder));
    const order = (figure: Figure): number => benchIds.indexOf(figure.id as BenchId);
    return { machine: about, size: size.name, figures: figures.sort((left, right) => order(left) - order(right)) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
