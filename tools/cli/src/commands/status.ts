import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { actingOfficer, withPlatform, type Where } from '../platform.ts';
import { table } from '../table.ts';
import { readArgs } from '../usage.ts';

export const run = (args: readonly string[], where: Where): Promise<void> =>
  withPlatform(where, async (platform) => {
    const { values } = readArgs(args, { as: { type: 'string' } });
    const operations = await platform.client(OperationsServiceDefinition, await actingOfficer(platform, values.as, 'operator'));
    const status = await operations.getStatus({});
    process.stdout.write(
      `Sanwang ${status.version}, ${status.mode || 'not begun'}, clock ${status.clock ?? '-'}, log head ${status.head}\n\n`,
    );
    process.stdout.write(
      `${table(
        ['relay', 'state', 'position', ''],
        status.parts.map((part) => [part.name, part.state, Number(part.position), part.message]),
      )}\n\n`,
    );
    process.stdout.write(
      `${table(
        ['model', 'state', 'lag', 'parked', ''],
        status.models.map((model) => [model.name, model.state, model.lag, model.parkedKeys, model.message]),
      )}\n`,
    );
  });
