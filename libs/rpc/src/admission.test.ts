import { setTimeout as pause } from 'node:timers/promises';
import type { Rejection } from '@sanwang/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { createAdmission, isExemptService, isExemptUrl, type Admission, type AdmissionOptions } from './admission.ts';
import { runPilot } from './fixture/running.ts';

const open: Admission[] = [];
const door = (options: AdmissionOptions): Admission => {
  const admission = createAdmission(options);
  open.push(admission);
  return admission;
};
afterEach(() => open.splice(0).forEach((admission) => admission.close()));

/** Enters as so many calls; tells what became of each. */
const arrive = (admission: Admission, count: number) => {
  const leaves: (() => void)[] = [];
  const refused: Rejection[] = [];
  for (let n = 0; n < count; n++) {
    admission.enter(
      (leave) => void leaves.push(leave),
      (rejection) => void refused.push(rejection),
    );
  }
  return { leaves, refused };
};
const burn = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('the door', () => {
  it('lets in so many, lets so many wait, and refuses the rest at once', () => {
    const admission = door({ start: 3, waiting: 2 });
    const { leaves, refused } = arrive(admission, 8);
    expect([leaves.length, refused.length]).toEqual([3, 3]);
    expect(refused[0]).toMatchObject({
      code: 'resource-exhausted',
      reason: 'overloaded',
      facts: { retryAfterSeconds: expect.any(Number) },
    });
    expect(admission.state()).toEqual({ limit: 3, running: 3, waiting: 2, refused: 3 });
  });
  it('lets in who waits, first come first served, when a place is free, once however often a call leaves', () => {
    const admission = door({ start: 1, waiting: 9 });
    const order: number[] = [];
    const leaves: (() => void)[] = [];
    for (const n of [1, 2, 3]) {
      admission.enter(
        (leave) => (order.push(n), void leaves.push(leave)),
        () => {},
      );
    }
    leaves[0]!();
    leaves[0]!();
    expect(order).toEqual([1, 2]);
    leaves[1]!();
    leaves[2]!();
    expect([order, admission.state().running]).toEqual([[1, 2, 3], 0]);
  });
  it('refuses who has waited too long', async () => {
    const { refused } = arrive(door({ start: 1, waiting: 9, waitMs: 60 }), 4);
    await expect.poll(() => refused.length).toBe(3);
  });
  it('lets in fewer while the event loop is late, and more again afterwards', async () => {
    const admission = door({ start: 100, least: 10 });
    for (let n = 0; n < 20; n++) {
      burn(200);
      await pause(1);
    }
    const { limit } = admission.state();
    expect(limit).toBeLessThan(50);
    const { leaves } = arrive(admission, 200);
    await expect
      .poll(
        () => {
          arrive(admission, 1);
          return admission.state().limit;
        },
        { timeout: 5_000 },
      )
      .toBeGreaterThan(limit);
    expect(leaves.length).toBeGreaterThan(0);
  });
  it('stands open for probes and operations', () => {
    expect(['/healthz', '/readyz', '/metrics', '/v1/operations/status'].map(isExemptUrl)).toEqual([true, true, true, true]);
    expect(isExemptUrl('/v1/patrol/tasks')).toBe(false);
    expect(isExemptService('sanwang.operations.v1.OperationsService')).toBe(true);
    expect(isExemptService('sanwang.patrol.v1.PatrolService')).toBe(false);
  });
});

describe('a full server', () => {
  it('says so in REST and gRPC, with the time after which to try again, before it asks who calls', async () => {
    const admission = door({ start: 1, waiting: 0 });
    const pilot = await runPilot([], { admission });
    const slow = pilot.request('POST', '/v1/pilot/fail', { code: 'slow' });
    await expect.poll(() => admission.state().running).toBe(1);
    const refused = await pilot.request('GET', '/v1/pilot/notes', undefined, { authorization: '', 'x-correlation-id': 'c-1' });
    expect([refused.status, refused.headers.get('content-type'), refused.headers.get('x-correlation-id')]).toEqual([
      429,
      'application/problem+json',
      'c-1',
    ]);
    expect(refused.body).toMatchObject({ code: 'resource-exhausted', reason: 'overloaded', correlationId: 'c-1' });
    expect(Number(refused.headers.get('retry-after'))).toBe(refused.body.facts['retryAfterSeconds']);
    await expect(pilot.grpcClient.listNotes({ tag: [] })).rejects.toMatchObject({
      code: 'resource-exhausted',
      reason: 'overloaded',
      facts: { retryAfterSeconds: expect.any(Number) },
    });
    expect((await slow).status).toBe(504);
    expect((await pilot.request('GET', '/v1/pilot/notes')).status).toBe(200);
    await pilot.close();
  });
  it('gives the place of a caller who went away to another', async () => {
    const admission = door({ start: 1 });
    const pilot = await runPilot([], { admission });
    const gone = fetch(`${pilot.base}/v1/pilot/fail`, {
      method: 'POST',
      headers: { authorization: 'Bearer o1', 'content-type': 'application/json' },
      body: '{"code":"slow"}',
      signal: AbortSignal.timeout(50),
    });
    await expect(gone).rejects.toThrow();
    await expect.poll(() => admission.state().running).toBe(0);
    await pilot.close();
  });
});
