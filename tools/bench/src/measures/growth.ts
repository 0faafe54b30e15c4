import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sealChain, type StreamVersion } from '@sanwang/event-store';
import { uuidv7 } from '@sanwang/kernel';
import { openEventLog } from '@sanwang/sqlite';
import { IN_FLIGHT, type BenchSize } from '../context.ts';
import type { Figure } from '../report.ts';
import { median, range } from '../statistics.ts';

/** Events of a stream of the loaded log; what is appended goes to new streams and to loaded ones in turn. */
const EVENTS_OF_STREAM = 4;
const TEXT = 165;
const HASH = 'b'.repeat(64);
const AT_ONCE = 100_000;

/** Names are spread over the index as those of tasks are. */
const scattered = (n: string): string => `'bench.Thing-' || format('%08x-0000-4000-8000-%012x', (${n} * 2654435761) % 4294967296, ${n})`;
const streamOf = (n: number): string => {
  const hex = (of: bigint, digits: number): string => of.toString(16).padStart(digits, '0');
  return `bench.Thing-${hex((BigInt(n) * 2654435761n) % 4294967296n, 8)}-0000-4000-8000-${hex(BigInt(n), 12)}`;
};

/** A log of so many events of about 400 B, written below the port with the tables that the port made, indexes last. */
const fill = async (path: string, events: number): Promise<void> => {
  await openEventLog(path).close();
  const database = new DatabaseSync(path);
  const indexes = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").all();
  database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -200000');
  for (const { name } of indexes) database.exec(`DROP INDEX ${String(name)}`);
  const insert = database.prepare(
    `WITH RECURSIVE numbers (n) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     INSERT INTO events (position, stream, revision, id, type, data, metadata, hash)
     SELECT n + 1, ${scattered(`(n / ${EVENTS_OF_STREAM})`)}, n % ${EVENTS_OF_STREAM}, format('%032x', n), 'ThingHappened', ?, ?, '${HASH}' FROM numbers`,
  );
  const [data, metadata] = ['d', 'm'].map((letter) => JSON.stringify({ text: letter.repeat(TEXT) })) as [string, string];
  for (let from = 0; from < events; from += AT_ONCE) insert.run(from, Math.min(events, from + AT_ONCE) - 1, data, metadata);
  for (const { sql } of indexes) database.exec(String(sql));
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
};

/** A log of that size, and what an append costs in a round of appends with 64 in flight. */
const openFilled = async (path: string, events: number) => {
  await fill(path, events);
  const log = openEventLog(path);
  const data = JSON.stringify({ text: 'd'.repeat(TEXT) });
  const metadata = JSON.stringify({ text: 'm'.repeat(TEXT) });
  const streams = events / EVENTS_OF_STREAM;
  let next = 0;
  const append = async (n: number): Promise<void> => {
    // Loaded streams far from one another, none twice.
    const loaded = n % 2 === 0;
    const stream = loaded ? streamOf((n * 7919) % streams) : `bench.Thing-${uuidv7()}`;
    const expected: StreamVersion | 'no-stream' = loaded ? { revision: EVENTS_OF_STREAM - 1, hash: HASH } : 'no-stream';
    await log.append(stream, expected, sealChain(expected, stream, [{ id: uuidv7(), type: 'ThingHappened', data, metadata }]));
  };
  return {
    /** Microseconds per append: by the clock, and of CPU. */
    async round(appends: number): Promise<{ readonly wall: number; readonly cpu: number }> {
      const end = next + appends;
      const cpu = process.cpuUsage();
      const begun = performance.now();
      await Promise.all(
        Array.from({ length: IN_FLIGHT }, async () => {
          while (next < end) await append(next++);
        }),
      );
      const wall = (performance.now() - begun) * 1_000;
      const { user, system } = process.cpuUsage(cpu);
      return { wall: wall / appends, cpu: (user + system) / appends };
    },
    close: () => log.close(),
  };
};

/** P6: what an append costs in a log of many events beside the same in one of few, 64 in flight, rounds taking turns. */
export const appendGrowth = async (scratch: string, size: BenchSize): Promise<readonly Figure[]> => {
  const { few, many, appends } = size.growth;
  const small = await openFilled(join(scratch, 'few.db'), few);
  const large = await openFilled(join(scratch, 'many.db'), many);
  try {
    await small.round(appends);
    await large.round(appends);
    const rounds: { readonly few: { wall: number; cpu: number }; readonly many: { wall: number; cpu: number } }[] = [];
    for (let n = 0; n < size.rounds; n++) rounds.push({ few: await small.round(appends), many: await large.round(appends) });
    const value = median(rounds.map((round) => round.many.wall));
    const floor = median(rounds.map((round) => round.few.wall));
    const ratio = value / floor;
    const cpu = { few: median(rounds.map((round) => round.few.cpu)), many: median(rounds.map((round) => round.many.cpu)) };
    return [
      {
        id: 'P6',
        name: `append at ${many} events, beside ${few}`,
        unit: 'µs',
        value,
        floor,
        ratio,
        spread: range(rounds.map((round) => round.many.wall / round.few.wall)),
        aim: 'ratio ≤ 1.3',
        met: ratio <= 1.3,
        beside: { 'CPU per append, many (µs)': cpu.many, 'CPU per append, few (µs)': cpu.few, 'CPU, many ÷ few': cpu.many / cpu.few },
      },
    ];
  } finally {
    await small.close();
    await large.close();
  }
};
