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
/** A clock that goes only when it is told to. */
const steps = () => {
  let time = 0;
  return { now: () => time, by: (ms: number) => void (time += ms) };
};
const { now } = steps();
const entered = (admission: Admission, perCall: () => void): void =>
  admission.enter(
    (leave) => (perCall(), leave()),
    () => {},
  );

describe('the door', () => {
  it('lets in so many, lets so many wait, and refuses the rest at once', () => {
    const admission = door({ start: 3, waiting: 2, now });
    const { leaves, refused } = arrive(admission, 8);
    expect([leaves.length, refused.length]).toEqual([3, 3]);
    expect(refused[0]).toMatchObject({
      code: 'resource-exhausted',
      reason: 'overloaded',
      facts: { retryAfterSeconds: expect.any(Number) },
    });
    expect(admission.state()).toEqual({ limit: 3, running: 3, waiting: 2, refused: 3 });
  });
  it('lets in who waits, first come first served, when a place is free, once however often a call leaves', async () => {
    const admission = door({ start: 1, waiting: 9, now });
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
    await expect.poll(() => order).toEqual([1, 2]);
    leaves[1]!();
    await expect.poll(() => order).toEqual([1, 2, 3]);
    leaves[2]!();
    expect([order, admission.state().running]).toEqual([[1, 2, 3], 0]);
  });
  it('refuses who has waited too long', async () => {
    const time = steps();
    const { refused } = arrive(door({ start: 1, waiting: 9, waitMs: 60, now: time.now }), 4);
    time.by(60);
    await expect.poll(() => refused.length).toBe(3);
  });
  it('begins calls for a short time in each turn of the event loop, however many places there are', async () => {
    const time = steps();
    const admission = door({ now: time.now });
    let begun = 0;
    for (let n = 0; n < 50; n++) entered(admission, () => (begun++, time.by(5)));
    expect(begun).toBe(4);
    await expect.poll(() => begun).toBe(50);
    expect(admission.state()).toMatchObject({ running: 0, waiting: 0, refused: 0 });
  });
  it('lets in fewer while the event loop is late, and more again afterwards', async () => {
    const time = steps();
    let late = 1_000;
    // Looked at once per look at the loop and once per call.
    const admission = door({ start: 100, least: 10, now: () => (time.by(late), time.now()) });
    await expect.poll(() => admission.state().limit, { timeout: 5_000 }).toBe(10);
    late = 0;
    arrive(admission, 11);
    await expect.poll(() => (arrive(admission, 1), admission.state().limit), { timeout: 5_000 }).toBeGreaterThan(10);
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
    const admission = door({ start: 1, most: 1, waiting: 0 });
    const pilot = await runPilot([], { admission });
    const { leaves } = arrive(admission, 1);
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
    expect((await fetch(`${pilot.base}/v1/operations/nothing`)).status).toBe(404);
    expect(pilot.calls).toEqual([]);
    leaves[0]!();
    expect((await pilot.request('GET', '/v1/pilot/notes')).status).toBe(200);
    await pilot.close();
  });
  it('gives the place of a caller who went away to another', async () => {
    const admission = door({ start: 1 });
    const pilot = await runPilot([], { admission, timeoutMs: 10_000 });
    const caller = new AbortController();
    const gone = fetch(`${pilot.base}/v1/pilot/fail`, {
      method: 'POST',
      headers: { authorization: 'Bearer o1', 'content-type': 'application/json' },
      body: '{"code":"slow"}',
      signal: caller.signal,
    });
    await expect.poll(() => admission.state().running).toBe(1);
    caller.abort();
    await expect(gone).rejects.toThrow();
    await expect.poll(() => admission.state().running).toBe(0);
    await pilot.close();
  });
});
