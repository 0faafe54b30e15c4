import { OperationsServiceDefinition, type Operation } from '@sanwang/contracts/operations';
import { actingOfficer, follow, withPlatform, type Where, type Platform } from '../platform.ts';
import { bar, progressLine } from '../progress.ts';
import { table } from '../table.ts';
import { readArgs } from '../usage.ts';

/** Runs a verification and shows its progress. */
export const verifyPlatform = async (platform: Platform, officer: string): Promise<Operation> => {
  const operations = await platform.client(OperationsServiceDefinition, officer);
  const { operation } = await operations.startVerification({});
  const line = progressLine();
  const done = await follow(platform, officer, operation, ({ step, done: at, total }) => line.show(`${bar(at, total)} ${step}`));
  line.end();
  return done;
};

/** Each model's hash beside that of its rebuild. */
export const hashTable = ({ hashes }: Operation): string =>
  table(
    ['model', 'documents', 'live', 'rebuilt', ''],
    hashes.map(({ model, documents, live, rebuilt, equal }) => [
      model,
      documents,
      live.slice(0, 16),
      rebuilt.slice(0, 16),
      equal ? 'equal' : 'DIFFERENT',
    ]),
  );

/** Exit code 1 on damage, with the position. */
export const run = (args: readonly string[], where: Where): Promise<number> =>
  withPlatform(where, async (platform) => {
    const { values } = readArgs(args, { as: { type: 'string' } });
    const done = await verifyPlatform(platform, await actingOfficer(platform, values.as, 'operator'));
    process.stdout.write(`${hashTable(done)}\n`);
    for (const { part, position, message } of done.findings) {
      process.stderr.write(`DAMAGE ${part}${position === '' ? '' : ` at position ${position}`}: ${message}\n`);
    }
    if (done.findings.length > 0) return 1;
    process.stdout.write('The log, its hash chains, what was signed of it and every model are sound.\n');
    return 0;
  });
