import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { sealChain } from '@sanwang/event-store';
import { uuidv7 } from '@sanwang/kernel';
import { openEventLog } from '@sanwang/sqlite';
import { IN_FLIGHT, type BenchSize } from '../context.ts';
import type { Figure } from '../report.ts';

/** P3: how many appends share a sync of the disk when 64 are in flight. The floor is one sync for all that are in flight. */
export const appendSyncs = async (scratch: string, size: BenchSize): Promise<readonly Figure[]> => {
  const log = openEventLog(join(scratch, 'appends.db'));
  const data = JSON.stringify({ text: 'd'.repeat(250) });
  const metadata = JSON.stringify({ digest: createHash('sha256').update('bench').digest('hex'), text: 'm'.repeat(250) });
  let left = size.appends;
  const writer = async (): Promise<void> => {
    while (left-- > 0) {
      const stream = `bench.Thing-${uuidv7()}`;
      await log.append(stream, 'no-stream', sealChain('no-stream', stream, [{ id: uuidv7(), type: 'ThingHappened', data, metadata }]));
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
  const seconds = (performance.now() - begun) / 1000;
  const { appends, fsyncs, commits } = log.stats();
  await log.close();
  const value = (fsyncs / appends) * 1000;
  return [
    {
      id: 'P3',
      name: 'fsyncs per 1,000 appends, 64 in flight',
      unit: '',
      value,
      floor: 1000 / IN_FLIGHT,
      aim: '≤ 100',
      met: value <= 100,
      beside: { 'appends/s': appends / seconds, 'appends per commit': appends / commits },
    },
  ];
};
