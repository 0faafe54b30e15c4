import { pbkdf2Sync } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdmission, type Admission } from './admission.ts';
import type { Load, LoadResult } from './fixture/load-worker.ts';
import { runPilot, type Pilot } from './fixture/running.ts';

const SEED = Number(process.env['OVERLOAD_SEED'] ?? 11);

/** A thread of its own, so that the load and the server do not take each other's time. */
const load = (what: Load): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./fixture/load-worker.ts', import.meta.url), { workerData: what });
    worker.once('message', resolve);
    worker.once('error', reject);
  });

describe(`ten times more than a server can do (seed ${SEED})`, () => {
  let pilot: Pilot;
  let admission: Admission;
  beforeAll(async () => {
    admission = createAdmission();
    // A call costs the same work each time, however busy the machine is.
    const slow = () => void pbkdf2Sync('a', 'b', 8_000, 32, 'sha256');
    pilot = await runPilot([(next) => (invocation) => (slow(), next(invocation))], { admission, timeoutMs: 5_000 });
  });
  afterAll(async () => {
    admission.close();
    await pilot.close();
  });

  /** Calls answered per second of this thread's processor time: what else the machine does is not counted. */
  const measure = async (perSecond: number, ms: number) => {
    const before = process.threadCpuUsage();
    const result = await load({ url: `${pilot.base}/v1/pilot/notes`, perSecond, ms, seed: SEED });
    const { user, system } = process.threadCpuUsage(before);
    return { ...result, goodput: (result.statuses[200] ?? 0) / ((user + system) / 1e6) };
  };

  it('still does nine tenths of it, refuses the rest with 429, and is itself again within thirty seconds', async () => {
    await measure(20, 500);
    const calm = await measure(20, 3_000);
    expect(calm.statuses[429] ?? 0).toBe(0);
    const ceiling = calm.goodput;
    console.log('calm', ceiling, calm.times.length, calm.times[calm.times.length >> 1]);
    const over = await measure(ceiling * 10, 4_000);
    const report = `ceiling ${ceiling.toFixed(0)}, over ${over.goodput.toFixed(0)} per CPU second, ${JSON.stringify(over.statuses)}, lost ${over.lost}, ${JSON.stringify(admission.state())}`;
    process.stdout.write(`${report}\n`);
    expect(over.lost, report).toBe(0);
    expect(Object.keys(over.statuses), report).toEqual(['200', '429']);
    expect(over.goodput / ceiling, report).toBeGreaterThan(0.9);
    const after = await measure(20, 2_000);
    expect(after.statuses, report).toEqual({ 200: expect.any(Number) });
    expect(after.times[Math.floor(after.times.length / 2)]!, report).toBeLessThan(1_000);
  }, 120_000);
});
