import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { cpuOf, IN_FLIGHT, type BenchSize } from '../context.ts';
import { startFloor, type CommandBytes } from '../floor-process.ts';
import { COMMANDS_TO_ACCEPTED, openOfficers, poolToAccepted } from '../lifecycle.ts';
import { closedLoop, upTo } from '../load.ts';
import { profiled, startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';
import { median, range } from '../statistics.ts';

/** What the events of the last commands are like: the floor writes as much. */
export const bytesOf = (log: string, events: number, batch: number): CommandBytes => {
  const database = new DatabaseSync(log, { readOnly: true });
  const row = database
    .prepare(
      `SELECT avg(length(stream)) AS stream, avg(length(CAST(data AS BLOB))) AS data, avg(length(metadata)) AS metadata, max(position) AS rows
       FROM (SELECT * FROM events ORDER BY position DESC LIMIT ?)`,
    )
    .get(events) as { stream: number; data: number; metadata: number; rows: number };
  database.close();
  return { stream: Math.round(row.stream), data: Math.round(row.data), metadata: Math.round(row.metadata), batch, rows: row.rows };
};

/** P1: what an acknowledged command costs, relay and consumers held; then what it causes downstream. */
export const commandCost = async (folder: string, scratch: string, size: BenchSize, profile?: string): Promise<readonly Figure[]> => {
  const platform = await startPlatform(folder);
  const floor = startFloor();
  try {
    const officers = await openOfficers(folder);
    const tasks = size.commands / COMMANDS_TO_ACCEPTED;
    let round = 0;
    const load = async (http: string): Promise<void> => {
      const key = `p1-${process.pid}-${++round}`;
      await closedLoop(http, IN_FLIGHT, upTo(tasks), async (connection, n) => {
        await poolToAccepted(officers, connection, n, `${key}-${n}`);
      });
    };
    await load(platform.http);
    await platform.process.ask('settle', { seconds: 60 });
    await platform.process.ask('hold', undefined);
    const before = await platform.process.ask('log', undefined);
    await load(platform.http);
    const after = await platform.process.ask('log', undefined);
    const batch = Math.max(1, Math.round((after.appends - before.appends) / (after.commits - before.commits)));
    const bytes = bytesOf(join(folder, 'log.db'), size.commands, batch);
    const bare = await floor.ask('commands', { path: join(scratch, 'floor.db'), bytes });
    await load(bare.http);

    const cost: number[] = [];
    const bareCost: number[] = [];
    for (let n = 0; n < size.rounds; n++) {
      cost.push((await cpuOf(platform.process, () => load(platform.http))) / size.commands);
      bareCost.push((await cpuOf(floor, () => load(bare.http))) / size.commands);
    }
    if (profile) await profiled(platform.process, join(profile, 'P1.cpuprofile'), () => load(platform.http));
    const downstream = await cpuOf(platform.process, async () => {
      await platform.process.ask('release', undefined);
      await platform.process.ask('settle', { seconds: 120 });
    });
    const ratios = cost.map((seconds, n) => seconds / bareCost[n]!);
    const ratio = median(cost) / median(bareCost);
    return [
      {
        id: 'P1',
        name: 'CPU per acknowledged command over REST',
        unit: 'µs',
        value: median(cost) * 1e6,
        floor: median(bareCost) * 1e6,
        ratio,
        spread: range(ratios),
        aim: 'ratio ≤ 3',
        met: ratio <= 3,
        beside: {
          'commands per commit': batch,
          'bytes of an event (stream, data, metadata)': bytes.stream + bytes.data + bytes.metadata,
          'CPU downstream per command, relay and all models (µs)': (downstream / (size.commands * (size.rounds + (profile ? 2 : 1)))) * 1e6,
        },
      },
    ];
  } finally {
    await floor.stop();
    await platform.stop();
  }
};
