import { join } from 'node:path';
import type { BenchSize } from '../context.ts';
import { startFloor } from '../floor-process.ts';
import { startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';
import { median, range } from '../statistics.ts';

/**
 * P5: a model built anew in its worker thread, from the thread's start to the exchange. Counted are the events that the model takes.
 * The floor reads the same context's rows, parses and folds them and writes a document per stream, with nothing checked.
 */
export const rebuilds = async (folder: string, scratch: string, size: BenchSize): Promise<readonly Figure[]> => {
  const platform = await startPlatform(folder);
  const floor = startFloor();
  try {
    await platform.process.ask('settle', { seconds: 600 });
    const log = join(folder, 'log.db');
    const bare: number[] = [];
    const board: number[] = [];
    const read: number[] = [];
    const list: number[] = [];
    for (let n = 0; n < Math.min(3, size.rounds); n++) {
      const floored = await floor.ask('fold', { log, into: join(scratch, `fold-${n}.db`), context: 'patrol' });
      bare.push(floored.events / floored.seconds);
      const tasks = await platform.process.ask('rebuild', { context: 'overview', name: 'tasks' });
      const orders = await platform.process.ask('rebuild', { context: 'overview', name: 'orders' });
      board.push((tasks.events + orders.events) / (tasks.seconds + orders.seconds));
      read.push(floored.events / tasks.seconds);
      const businesses = await platform.process.ask('rebuild', { context: 'registration', name: 'businesses' });
      list.push(businesses.events / businesses.seconds);
    }
    const value = median(read);
    return [
      {
        id: 'P5',
        name: "rebuild of the board's tasks: events read, checked and folded",
        unit: 'events/s',
        value,
        floor: median(bare),
        ratio: median(bare) / value,
        spread: range(read.map((rate, n) => bare[n]! / rate)),
        aim: '≥ 60000 events/s',
        met: value >= 60_000,
        beside: { 'events taken/s, both models of the board': median(board) },
      },
      {
        id: 'P5',
        name: 'rebuild of the business list with search',
        unit: 'events/s',
        value: median(list),
        aim: null,
        met: null,
        beside: {},
      },
    ];
  } finally {
    await floor.stop();
    await platform.stop();
  }
};
