import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createLeases } from '@sanwang/messaging';
import { leasesConformance } from '@sanwang/messaging/conformance';
import { stoppable } from '@sanwang/messaging/doubles';
import { expect, it } from 'vitest';
import { testDatabase } from './fixture.ts';
import { leaseRegister } from './leases.ts';

const LEASE_MS = 800;

leasesConformance('MongoDB', async () => {
  const database = await testDatabase();
  return {
    leaseMs: LEASE_MS,
    connect: async () => {
      const { register, stop, resume } = stoppable(leaseRegister(database.connect()));
      return { leases: createLeases(register, { leaseMs: LEASE_MS }), stop, resume };
    },
    close: () => database.drop(),
  };
});

it('is taken from a process that was stopped, which finds it lost when it goes on and can save nothing', async () => {
  const database = await testDatabase();
  const holder = spawn(process.execPath, [fileURLToPath(new URL('./leases.holder.ts', import.meta.url)), database.uri, String(LEASE_MS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface(holder.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('held');
    holder.kill('SIGSTOP');
    const leases = createLeases(leaseRegister(database.connect()), { leaseMs: LEASE_MS });
    const begin = performance.now();
    const lease = await leases.take('one', new AbortController().signal);
    expect(performance.now() - begin).toBeLessThan(3 * LEASE_MS);
    expect(lease.state).toBe('mine');
    await lease.save('yours');
    holder.kill('SIGCONT');
    holder.stdin.write('save\n');
    expect((await lines.next()).value).toBe('lease-lost');
    expect((await lines.next()).value).toBe('lost');
    expect(await leases.read('one')).toBe('yours');
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  } finally {
    holder.kill('SIGKILL');
    if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
    await database.drop();
  }
});
