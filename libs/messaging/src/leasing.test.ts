import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { aborted } from './backoff.ts';
import { leasesConformance } from './conformance-leases.ts';
import { leasesDouble } from './leases.double.ts';

const LEASE_MS = 200;
const never = new AbortController().signal;

leasesConformance('double', async () => {
  const double = leasesDouble({ leaseMs: LEASE_MS });
  return { leaseMs: LEASE_MS, connect: async () => double.connect(), close: async () => undefined };
});

it('waits out a store that is away', async () => {
  const double = leasesDouble({ leaseMs: LEASE_MS });
  double.setAway(true);
  const taking = double.connect().leases.take('one', never);
  await delay(LEASE_MS);
  double.setAway(false);
  const lease = await taking;
  expect(lease.lost.aborted).toBe(false);
  await lease.release();
});

it('outlives a store that is away for less than the lease time, and not one that is away for longer', async () => {
  const double = leasesDouble({ leaseMs: LEASE_MS });
  const lease = await double.connect().leases.take('one', never);
  double.setAway(true);
  await expect(lease.save('x')).rejects.toMatchObject({ reason: 'database-unavailable' });
  await delay(LEASE_MS / 2);
  double.setAway(false);
  await lease.save('y');
  await delay(LEASE_MS);
  expect(lease.lost.aborted).toBe(false);
  double.setAway(true);
  await aborted(lease.lost);
  await expect(lease.save('z')).rejects.toMatchObject({ reason: 'lease-lost' });
});

it('goes on after exchanges that were carried out though their answers got lost', async () => {
  const double = leasesDouble({ leaseMs: LEASE_MS });
  double.loseAnswers(1);
  const lease = await double.connect().leases.take('one', never);
  double.loseAnswers(1);
  await expect(lease.save('1')).rejects.toMatchObject({ reason: 'database-unavailable' });
  await lease.save('2');
  await delay(LEASE_MS);
  expect(lease.lost.aborted).toBe(false);
  expect(await double.connect().leases.read('one')).toBe('2');
  await lease.release();
});
