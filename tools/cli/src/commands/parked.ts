import { OperationsServiceDefinition } from '@sanwang/contracts/operations';
import { actingOfficer, withPlatform, type Where } from '../platform.ts';
import { table } from '../table.ts';
import { readArgs, UsageError } from '../usage.ts';

export const run = (args: readonly string[], where: Where): Promise<number> =>
  withPlatform(where, async (platform) => {
    const { values, positionals } = readArgs(args, { as: { type: 'string' }, reason: { type: 'string' } }, ['ACTION?', 'MODEL?', 'KEY?']);
    const [action = 'list', model, key] = positionals;
    const operations = await platform.client(OperationsServiceDefinition, await actingOfficer(platform, values.as, 'operator'));
    if (action !== 'list' && (model === undefined || key === undefined)) throw new UsageError(`${action} needs MODEL and KEY.`);
    switch (action) {
      case 'list': {
        const { items } = await operations.listParkedKeys({});
        const rows = items.map((item) => [item.model, item.key, item.events.length, item.since ?? '', item.error]);
        process.stdout.write(
          items.length === 0 ? 'Nothing is parked.\n' : `${table(['model', 'key', 'events', 'since', 'error'], rows)}\n`,
        );
        return 0;
      }
      case 'show': {
        const found = (await operations.listParkedKeys({})).items.find((item) => item.model === model && item.key === key);
        if (!found) throw new UsageError(`${key} is not parked in ${model}.`);
        process.stdout.write(
          `${found.error}, since ${found.since}\n${table(
            ['position', 'type', 'event'],
            found.events.map(({ position, type, id }) => [Number(position), type, id]),
          )}\n`,
        );
        return 0;
      }
      case 'replay': {
        const { replayed, remaining, error } = await operations.replayParkedKey({ model: model!, key: key! });
        process.stdout.write(`${replayed} taken in, ${remaining} still parked${error === '' ? '' : `: ${error}`}\n`);
        return remaining === 0 ? 0 : 1;
      }
      case 'drop': {
        if (values.reason === undefined) throw new UsageError('--reason is missing: why is the event dropped?');
        const { droppedEvent, remaining } = await operations.dropParkedEvent({ model: model!, key: key!, reason: values.reason });
        process.stdout.write(`dropped ${droppedEvent}; ${remaining} still parked\n`);
        return 0;
      }
      default:
        throw new UsageError(`There is no action ${action}.`);
    }
  });
