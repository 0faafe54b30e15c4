import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { actingOfficer, follow, withPlatform, type Where } from '../platform.ts';
import { bar, progressLine } from '../progress.ts';
import { readArgs } from '../usage.ts';

export const run = (args: readonly string[], where: Where): Promise<void> =>
  withPlatform(where, async (platform) => {
    const { values, positionals } = readArgs(args, { as: { type: 'string' } }, ['NAME?']);
    const officer = await actingOfficer(platform, values.as, 'operator');
    const operations = await platform.client(OperationsServiceDefinition, officer);
    const name = positionals[0] ?? new Date().toISOString().slice(0, 19).replaceAll(':', '-').toLowerCase();
    const { operation } = await operations.startBackup({ name });
    const line = progressLine();
    const done = await follow(platform, officer, operation, ({ step, done: at, total }) => line.show(`${bar(at, total)} ${step}`));
    line.end();
    process.stdout.write(`${done.result}\n`);
  });
