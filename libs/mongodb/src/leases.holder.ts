/** A process that holds a lease, for the tests: it says so, and saves when it is told to. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Rejection } from '@sanwang/kernel';
import { aborted, createLeases } from '@sanwang/messaging';
import { databaseOf } from './database.ts';
import { leaseRegister } from './leases.ts';

const [uri, leaseMs] = process.argv.slice(2);
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const lease = await createLeases(leaseRegister(databaseOf(uri!)), { leaseMs: Number(leaseMs) }).take('one', new AbortController().signal);
await lease.save('mine');
say('held');
await once(createInterface(process.stdin), 'line');
await lease.save('too late').then(
  () => say('saved'),
  (error: unknown) => say(error instanceof Rejection ? error.reason : String(error)),
);
await aborted(lease.lost);
say('lost');
process.exit();
