import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqlReader } from '@sanwang/sqlite';
import { officeOf, officersOf } from '../city.ts';
import { cpuOf, type BenchSize } from '../context.ts';
import { startFloor } from '../floor-process.ts';
import { openOfficers } from '../lifecycle.ts';
import { closedLoop, upTo } from '../load.ts';
import { profiled, startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';
import { median, range } from '../statistics.ts';
import { tasksModel } from './queries.ts';

/** Of a list: enough to keep the server busy. */
const CALLERS = 16;
const OFFICE = 7;

/** The statement by which the tasks of an office are listed, as the model's own reader writes it for this file. */
const statementOf = async (path: string): Promise<{ sql: string; params: (string | number | null)[] }> => {
  const database = new DatabaseSync(path, { readOnly: true });
  let asked: { sql: string; params: (string | number | null)[] } | undefined;
  const reader = sqlReader(await tasksModel(), (sql, params) => {
    asked = { sql, params: [...params] };
    return database.prepare(sql).all(...params) as Record<string, string | number | null>[];
  });
  const scope = { areas: [`9900${officeOf(OFFICE).slice(-2)}`], units: [officeOf(OFFICE)], owner: officersOf(OFFICE)[0] };
  reader.query({ scope, where: [], orderBy: { field: 'pooledAt', direction: 'desc' }, limit: 50 });
  database.close();
  return asked!;
};

/** P7: a list of 50 of the caller's own jurisdiction through the gateway, beside the same SQL, JSON.parse and JSON.stringify. */
export const listCost = async (folder: string, size: BenchSize, profile?: string): Promise<readonly Figure[]> => {
  const platform = await startPlatform(folder);
  const floor = startFloor();
  try {
    await platform.process.ask('settle', { seconds: 300 });
    const models = join(folder, 'models', 'patrol');
    const { version } = await tasksModel();
    const live = readFileSync(join(models, `tasks.v${version}.live`), 'utf8').trim();
    const path = join(
      models,
      readdirSync(models).find((name) => name === `tasks.${live}.sqlite`)!,
    );
    const bare = await floor.ask('list', { path, ...(await statementOf(path)) });
    const officers = await openOfficers(folder);
    let bytes = 0;
    const load = async (http: string): Promise<void> => {
      await closedLoop(http, CALLERS, upTo(size.queries), async (connection) => {
        bytes = (await officers.get(connection, OFFICE, '/v1/patrol/tasks?pageSize=50')).body.length;
      });
    };
    await load(platform.http);
    const answered = bytes;
    await load(bare.http);
    const cost: number[] = [];
    const bareCost: number[] = [];
    for (let n = 0; n < size.rounds; n++) {
      cost.push((await cpuOf(platform.process, () => load(platform.http))) / size.queries);
      bareCost.push((await cpuOf(floor, () => load(bare.http))) / size.queries);
    }
    if (profile) await profiled(platform.process, join(profile, 'P7.cpuprofile'), () => load(platform.http));
    const ratio = median(cost) / median(bareCost);
    return [
      {
        id: 'P7',
        name: 'CPU per scoped list of 50 through the gateway',
        unit: 'µs',
        value: median(cost) * 1e6,
        floor: median(bareCost) * 1e6,
        ratio,
        spread: range(cost.map((seconds, n) => seconds / bareCost[n]!)),
        aim: 'ratio ≤ 3',
        met: ratio <= 3,
        beside: { 'characters of an answer': answered, 'characters of the floor': bytes },
      },
    ];
  } finally {
    await floor.stop();
    await platform.stop();
  }
};
