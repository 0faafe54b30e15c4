import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { actingOfficer, follow, withPlatform, type Where } from '../platform.ts';
import { bar, progressLine } from '../progress.ts';
import { readArgs } from '../usage.ts';

export const run = (args: readonly string[], where: Where): Promise<void> =>
  withPlatform(where, async (platform) => {
    const { values, positionals } = readArgs(args, { as: { type: 'string' } }, ['MODEL?']);
    const officer = await actingOfficer(platform, values.as, 'operator');
    const operations = await platform.client(OperationsServiceDefinition, officer);
    const { operation } = await operations.startRebuild({ models: positionals[0] === undefined ? [] : [positionals[0]] });
    const line = progressLine();
    const done = await follow(platform, officer, operation, ({ step, done: at, total }) => line.show(`${bar(at, total)} ${step}`));
    line.end();
    process.stdout.write(`rebuilt: ${done.result.replaceAll(' ', ', ')}\n`);
  });
