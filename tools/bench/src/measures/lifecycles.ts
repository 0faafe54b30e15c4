import { join } from 'node:path';
import { cpuOf, type BenchSize } from '../context.ts';
import { startFloor } from '../floor-process.ts';
import { lifecycle, openOfficers, REQUESTS_PER_LIFECYCLE } from '../lifecycle.ts';
import { closedLoop, during, upTo } from '../load.ts';
import { profiled, startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';
import { median, range } from '../statistics.ts';
import { bytesOf } from './commands.ts';

/** Officers at work at the same time. */
const AT_WORK = 32;

/**
 * P10: whole lifecycles per second with all models running, server and load on two cores. The floor sends the same requests to bare
 * fastify that writes the same bytes and answers a constant: what two cores could do if nothing had to be decided.
 */
export const lifecycles = async (
  folder: string,
  scratch: string,
  size: BenchSize,
  loaded: { readonly tasks: number; readonly tasksPerSecond?: number },
  profile?: string,
): Promise<{ readonly figures: readonly Figure[]; readonly perSecond: number }> => {
  const platform = await startPlatform(folder);
  const floor = startFloor();
  try {
    await platform.process.ask('settle', { seconds: 900 });
    const officers = await openOfficers(folder);
    const key = `p10-${process.pid}-${loaded.tasks}`;
    await closedLoop(platform.http, AT_WORK, upTo(AT_WORK * 2), (connection, n) => lifecycle(officers, connection, n, `${key}-warm-${n}`));
    const rates: number[] = [];
    let done = 0;
    const cpu = await cpuOf(platform.process, async () => {
      for (let round = 0; round < size.rounds; round++) {
        const from = done;
        const result = await closedLoop(platform.http, AT_WORK, during(size.seconds), (connection, n) =>
          lifecycle(officers, connection, from + n, `${key}-${round}-${n}`),
        );
        done += result.done;
        rates.push(result.done / result.seconds);
      }
      await platform.process.ask('settle', { seconds: 120 });
    });
    if (profile)
      await profiled(platform.process, join(profile, `P10-${loaded.tasks}.cpuprofile`), () =>
        closedLoop(platform.http, AT_WORK, during(size.seconds), (connection, n) =>
          lifecycle(officers, connection, n, `${key}-profile-${n}`),
        ),
      );
    const bare = await floor.ask('commands', {
      path: join(scratch, `floor-${loaded.tasks}.db`),
      bytes: bytesOf(join(folder, 'log.db'), 1_000, AT_WORK / 2),
    });
    const floored = await closedLoop(bare.http, AT_WORK, during(size.seconds), async (connection, n) => {
      for (let request = 0; request < REQUESTS_PER_LIFECYCLE; request++) {
        await officers.post(connection, n, '/v1/patrol/tasks', { key: n, request });
      }
    });
    const value = median(rates);
    const flat = loaded.tasksPerSecond === undefined ? undefined : value / loaded.tasksPerSecond;
    return {
      perSecond: value,
      figures: [
        {
          id: 'P10',
          name: `lifecycles/s at ${loaded.tasks} tasks (8 commands and a search each)`,
          unit: '/s',
          value,
          floor: floored.done / floored.seconds,
          spread: range(rates),
          aim: '≥ 150/s, flat',
          met: value >= 150 && (flat === undefined || flat >= 0.8),
          beside: {
            'requests/s': value * REQUESTS_PER_LIFECYCLE,
            'CPU of the server per lifecycle, everything downstream included (ms)': (cpu / done) * 1000,
            ...(flat !== undefined && { 'rate ÷ the rate with fewer tasks': flat }),
          },
        },
      ],
    };
  } finally {
    await floor.stop();
    await platform.stop();
  }
};
