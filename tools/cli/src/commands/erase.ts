import { ErasureServiceDefinition } from '@sanwang/contracts/directory';
import { actingOfficer, withPlatform, type Where } from '../platform.ts';
import { readArgs, UsageError } from '../usage.ts';

export const run = (args: readonly string[], where: Where): Promise<void> =>
  withPlatform(where, async (platform) => {
    const { values, positionals } = readArgs(args, { as: { type: 'string' }, reason: { type: 'string' } }, ['SUBJECT']);
    if (values.reason === undefined) throw new UsageError('--reason is missing: why is the subject erased?');
    const erasure = await platform.client(ErasureServiceDefinition, await actingOfficer(platform, values.as, 'operator'));
    const { id } = await erasure.eraseSubject({ id: positionals[0]!, reason: values.reason }, { timeoutMs: 60_000 });
    process.stdout.write(`erased: ${id}. Its key is destroyed; note the subject for restores of older backups.\n`);
  });
