import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { aborted } from './backoff.ts';
import type { Lease, Leases } from './leases.ts';

/** A process that wants leases. While it is stopped its calls to the store wait, and nobody hears of it. */
export interface Contender {
  readonly leases: Leases;
  stop(): void;
  resume(): void;
}
export interface LeasesUnderTest {
  /** Of every contender, ms; short, that the tests need not wait. */
  readonly leaseMs: number;
  connect(): Promise<Contender>;
  close(): Promise<void>;
}

let names = 0;
const freshName = (): string => `lease-${process.pid}-${Date.now()}-${names++}`;

/** What every store of leases must do. */
export const leasesConformance = (name: string, open: () => Promise<LeasesUnderTest>): void => {
  describe(`leases: ${name}`, { timeout: 30_000 }, () => {
    let under: LeasesUnderTest;
    let held: Lease[] = [];
    beforeAll(async () => void (under = await open()));
    afterAll(() => under.close());
    const stopped: Contender[] = [];
    afterEach(async () => {
      vi.useRealTimers();
      for (const contender of stopped.splice(0)) contender.resume();
      await Promise.all(held.map((lease) => lease.release()));
      held = [];
    });
    const never = new AbortController().signal;
    const take = async (contender: Contender, lease: string, signal = never): Promise<Lease> => {
      const taken = await contender.leases.take(lease, signal);
      held.push(taken);
      return taken;
    };
    const stop = (contender: Contender): void => {
      stopped.push(contender);
      contender.stop();
    };
    const two = () => Promise.all([under.connect(), under.connect()]);

    it('gives a lease to one of many contenders, and its next holder is never there at the same time', async () => {
      const lease = freshName();
      const contenders = await Promise.all(Array.from({ length: 6 }, () => under.connect()));
      let holders = 0;
      const turns: number[] = [];
      await Promise.all(
        contenders.map(async (contender, index) => {
          const taken = await contender.leases.take(lease, never);
          expect(++holders).toBe(1);
          turns.push(index);
          await delay(10);
          holders--;
          await taken.release();
        }),
      );
      expect([...turns].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    });

    it('keeps leases of other names apart', async () => {
      const [one, other] = await two();
      await take(one, freshName());
      expect((await take(other, freshName())).lost.aborted).toBe(false);
    });

    it('lets nobody in while the counter moves, whatever the wall clocks say', async () => {
      const lease = freshName();
      const [one, other] = await two();
      const holding = await take(one, lease);
      const waiting = new AbortController();
      const second = other.leases.take(lease, waiting.signal);
      let taken = false;
      const answered = second.then(
        () => void (taken = true),
        () => undefined,
      );
      for (const day of [0, 86_400_000, -86_400_000]) {
        vi.useFakeTimers({ toFake: ['Date'], now: performance.timeOrigin + performance.now() + day });
        await delay(under.leaseMs);
      }
      expect(taken).toBe(false);
      expect(holding.lost.aborted).toBe(false);
      waiting.abort(new Error('enough'));
      await expect(second).rejects.toThrow('enough');
      await answered;
    });

    it('goes to a contender within a few lease times when its holder vanishes without a word', async () => {
      const lease = freshName();
      const [one, other] = await two();
      const gone = await take(one, lease);
      await gone.save('as far as this');
      const second = take(other, lease);
      stop(one);
      const begin = performance.now();
      expect((await second).state).toBe('as far as this');
      expect(performance.now() - begin).toBeLessThan(3 * under.leaseMs);
      expect(performance.now() - begin).toBeGreaterThan(0.5 * under.leaseMs);
      expect(gone.lost.aborted).toBe(true);
    });

    it('tells a holder that was away for long that the lease is lost, and does not save what it says', async () => {
      const lease = freshName();
      const [one, other] = await two();
      const paused = await take(one, lease);
      await paused.save('mine');
      stop(one);
      const saving = paused.save('too late').then(
        () => 'saved',
        (error: unknown) => error,
      );
      const next = await take(other, lease);
      await next.save('yours');
      one.resume();
      await aborted(paused.lost);
      expect(await saving).toMatchObject({ code: 'unavailable', reason: 'lease-lost' });
      await expect(paused.save('again')).rejects.toMatchObject({ code: 'unavailable', reason: 'lease-lost' });
      await paused.release();
      await delay(under.leaseMs / 2);
      expect(await other.leases.read(lease)).toBe('yours');
      expect(next.lost.aborted).toBe(false);
    });

    it('lets the next one in at once when it is released, with the state that was saved last', async () => {
      const lease = freshName();
      const [one, other] = await two();
      const first = await take(one, lease);
      expect(first.state).toBeUndefined();
      expect(await other.leases.read(lease)).toBeUndefined();
      await first.save('1');
      await first.save('2');
      expect(await other.leases.read(lease)).toBe('2');
      const second = take(other, lease);
      await first.release();
      const begin = performance.now();
      expect((await second).state).toBe('2');
      expect(performance.now() - begin).toBeLessThan(under.leaseMs);
      expect(first.lost.aborted).toBe(true);
      await expect(first.save('3')).rejects.toMatchObject({ reason: 'lease-lost' });
    });

    it('saves many times one after another, also when they are not waited for', async () => {
      const lease = freshName();
      const [one, other] = await two();
      const holding = await take(one, lease);
      await Promise.all(Array.from({ length: 50 }, (_, index) => holding.save(String(index))));
      expect(await other.leases.read(lease)).toBe('49');
      await delay(under.leaseMs);
      expect(await other.leases.read(lease)).toBe('49');
    });

    it('stops waiting when it is told to', async () => {
      const lease = freshName();
      const [one, other] = await two();
      await take(one, lease);
      await expect(other.leases.take(lease, AbortSignal.timeout(under.leaseMs / 2))).rejects.toMatchObject({ name: 'TimeoutError' });
      await expect(other.leases.take(lease, AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
    });
  });
};
