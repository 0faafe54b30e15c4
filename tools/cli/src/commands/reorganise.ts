import { readFileSync } from 'node:fs';
import { ReorganisationServiceDefinition } from '@sanwang/contracts/directory';
import { actingOfficer, withPlatform, type Platform, type Where } from '../platform.ts';
import { table } from '../table.ts';
import { readArgs, UsageError } from '../usage.ts';

interface Ending {
  readonly unit: string;
  readonly successor: string;
}
/** What `announce` reads: the body of `POST /v1/reorganisations`. What is wrong with it says the platform. */
interface Announcement {
  readonly id: string;
  readonly title: string;
  readonly effectiveOn: string;
  readonly units?: readonly { readonly code: string; readonly kind: string; readonly name: string; readonly areas: string[] }[];
  readonly ends?: readonly Ending[];
}

const readAnnouncement = (file: string): Announcement => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Announcement;
  } catch (error) {
    throw new UsageError(`${file}: expected JSON, as POST /v1/reorganisations takes it: ${(error as Error).message}`);
  }
};

const connect = async (platform: Platform, as: string | undefined) =>
  platform.client(ReorganisationServiceDefinition, await actingOfficer(platform, as, 'directory-admin'));

export const run = (args: readonly string[], where: Where): Promise<void> => {
  const { values, positionals } = readArgs(args, { as: { type: 'string' }, reason: { type: 'string' } }, ['ACTION?', 'WHAT?']);
  const [action = 'list', what] = positionals;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  return withPlatform(where, async (platform) => {
    switch (action) {
      case 'announce': {
        if (what === undefined) throw new UsageError('FILE is missing: which reorganisation?');
        const { units = [], ends = [], ...rest } = readAnnouncement(what);
        const { id } = await (await connect(platform, values.as)).announceReorganisation({ ...rest, units: [...units], ends: [...ends] });
        return say(`announced: ${id}, in force from ${rest.effectiveOn}.`);
      }
      case 'withdraw': {
        if (what === undefined) throw new UsageError('ID is missing: which reorganisation?');
        if (values.reason === undefined) throw new UsageError('--reason is missing: why is it withdrawn?');
        const { id } = await (await connect(platform, values.as)).withdrawReorganisation({ id: what, reason: values.reason });
        return say(`withdrawn: ${id}.`);
      }
      case 'list': {
        const { items } = await (await connect(platform, values.as)).listReorganisations({ pageSize: 500, orderBy: '-effectiveOn' });
        const rows = items.map(({ id, effectiveOn, status, title, units, ends }) => [
          id,
          effectiveOn,
          status,
          title,
          units.length,
          ends.map(({ unit, successor }) => `${unit} → ${successor}`).join(', '),
        ]);
        return say(table(['id', 'from', 'status', 'title', 'units', 'ends'], rows));
      }
      default:
        throw new UsageError(`Expected list, announce or withdraw, not ${action}.`);
    }
  });
};
