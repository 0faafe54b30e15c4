import { IN_FLIGHT, type BenchSize } from '../context.ts';
import { openOfficers, pool } from '../lifecycle.ts';
import { closedLoop, during, openLoop } from '../load.ts';
import { startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';
import { percentile } from '../statistics.ts';

/** Of the commands of the open loop, so many are followed by a question. */
const ASKED = 5;

/**
 * P4: from the acknowledgement of a command to the answer of a query that shows it (by its read token). The load is half of what
 * the platform takes with everything running. The floor: the same query when nothing is left to wait for.
 */
export const visibility = async (folder: string, size: BenchSize): Promise<readonly Figure[]> => {
  const platform = await startPlatform(folder);
  try {
    const officers = await openOfficers(folder);
    const key = `p4-${process.pid}`;
    await platform.process.ask('settle', { seconds: 300 });
    const warm = await closedLoop(platform.http, IN_FLIGHT, during(size.seconds / 4), async (connection, n) => {
      await pool(officers, connection, n, `${key}-warm-${n}`);
    });
    await platform.process.ask('settle', { seconds: 60 });
    // The ceiling includes the work downstream: what was acknowledged must also have arrived.
    const begun = performance.now();
    const full = await closedLoop(platform.http, IN_FLIGHT, during(size.seconds), async (connection, n) => {
      await pool(officers, connection, n + warm.done, `${key}-full-${n}`);
    });
    await platform.process.ask('settle', { seconds: 60 });
    const ceiling = full.done / ((performance.now() - begun) / 1000);

    const visible: number[] = [];
    const quiet: number[] = [];
    await openLoop(platform.http, { perSecond: ceiling / 2, seconds: size.seconds }, async (connection, n) => {
      const { id, readToken } = await pool(officers, connection, n, `${key}-open-${n}`);
      if (n % ASKED !== 0) return;
      const acknowledged = performance.now();
      await officers.get(connection, n, `/v1/patrol/tasks/${id}`, readToken);
      visible.push(performance.now() - acknowledged);
      const again = performance.now();
      await officers.get(connection, n, `/v1/patrol/tasks/${id}`, readToken);
      quiet.push(performance.now() - again);
    });
    const value = percentile(visible, 0.99);
    return [
      {
        id: 'P4',
        name: 'acknowledged → visible, p99 at half of the ceiling',
        unit: 'ms',
        value,
        floor: percentile(quiet, 0.99),
        aim: '≤ 100 ms',
        met: value <= 100,
        beside: { 'ceiling, commands/s with all models': ceiling, 'p50 (ms)': percentile(visible, 0.5), samples: visible.length },
      },
    ];
  } finally {
    await platform.stop();
  }
};
