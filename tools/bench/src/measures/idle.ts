import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchSize } from '../context.ts';
import { startFloor } from '../floor-process.ts';
import { startPlatform } from '../platform-process.ts';
import type { Figure } from '../report.ts';

export const residentMb = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;

/** P11: what the whole platform holds in memory (resident) when it has started on a folder and nobody calls. */
export const idleMemory = async (folder: string, empty: string, size: BenchSize): Promise<readonly Figure[]> => {
  const measure = async (of: string): Promise<number> => {
    const platform = await startPlatform(of);
    try {
      await platform.process.ask('settle', { seconds: 300 });
      await pause(size.idleSeconds * 1000);
      return residentMb(platform.process.pid);
    } finally {
      await platform.stop();
    }
  };
  const value = await measure(folder);
  return [
    {
      id: 'P11',
      name: `idle memory of the whole platform, ${size.tasks} tasks`,
      unit: 'MB',
      value,
      floor: await bareNodeMb(),
      aim: '≤ 300 MB',
      met: value <= 300,
      beside: { 'on an empty folder (MB)': await measure(empty) },
    },
  ];
};

/** A process with bare fastify and node:sqlite. */
const bareNodeMb = async (): Promise<number> => {
  const floor = startFloor();
  try {
    await floor.cpu();
    return residentMb(floor.pid);
  } finally {
    await floor.stop();
  }
};
