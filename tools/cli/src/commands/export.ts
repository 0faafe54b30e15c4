import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { stringify } from 'csv-stringify';
import { BusinessServiceDefinition } from '@sanwang/contracts/registration';
import { PatrolServiceDefinition } from '@sanwang/contracts/patrol';
import { businessColumns } from '../import/kinds.ts';
import { actingOfficer, withPlatform, type Where, type Platform } from '../platform.ts';
import { readArgs, UsageError } from '../usage.ts';

type Row = Readonly<Record<string, string | number | undefined>>;

/** Every page of a list, a row at a time. */
async function* pages<Item>(
  page: (pageToken: string | undefined) => Promise<{ items: Item[]; nextPageToken?: string | undefined }>,
): AsyncGenerator<Item> {
  let pageToken: string | undefined;
  do {
    const { items, nextPageToken } = await page(pageToken);
    yield* items;
    pageToken = nextPageToken === '' ? undefined : nextPageToken;
  } while (pageToken);
}

interface Export {
  readonly columns: readonly string[];
  rows(platform: Platform, subject: string): Promise<AsyncGenerator<Row>>;
}

const visitColumns = [
  'id',
  'taskId',
  'businessId',
  'businessName',
  'area',
  'unit',
  'type',
  'status',
  'visitedOn',
  'result',
  'reason',
  'startedAt',
  'completedAt',
  'critical',
  'serious',
  'minor',
] as const;

const exports: Readonly<Record<string, Export>> = {
  businesses: {
    columns: businessColumns,
    async rows(platform, subject) {
      const client = await platform.client(BusinessServiceDefinition, subject);
      return (async function* () {
        for await (const item of pages((pageToken) => client.listBusinesses({ pageSize: 500, pageToken }))) {
          yield {
            numberKind: item.number?.kind,
            number: item.number?.value,
            authority: item.number?.authority,
            name: item.name,
            businessType: item.businessType,
            address: item.address,
            latitude: item.coordinates?.latitude,
            longitude: item.coordinates?.longitude,
            area: item.area,
            riskGrade: item.riskGrade,
            licences: item.licences
              .map(({ kind, number, validFrom, validTo }) => [kind, number, validFrom ?? '', validTo ?? ''].join('/'))
              .join(';'),
          };
        }
      })();
    },
  },
  visits: {
    columns: visitColumns,
    async rows(platform, subject) {
      const client = await platform.client(PatrolServiceDefinition, subject);
      return (async function* () {
        for await (const item of pages((pageToken) => client.listVisits({ pageSize: 500, pageToken }))) {
          yield Object.fromEntries(visitColumns.map((column) => [column, item[column]]));
        }
      })();
    },
  },
};

/** Writes what the officer may see as CSV, to a file or to standard output. */
export const run = (args: readonly string[], where: Where): Promise<void> =>
  withPlatform(where, async (platform) => {
    const { values, positionals } = readArgs(args, { as: { type: 'string' }, csv: { type: 'boolean', default: false } }, ['WHAT', 'FILE?']);
    const what = exports[positionals[0]!];
    if (!what) throw new UsageError(`${positionals[0]} cannot be exported; choose one of ${Object.keys(exports).join(', ')}.`);
    if (!values.csv) throw new UsageError('Say --csv: it is the one format there is.');
    const subject = await actingOfficer(platform, values.as, 'auditor');
    const csv = stringify({ header: true, columns: [...what.columns] });
    const out = positionals[1] === undefined ? process.stdout : createWriteStream(positionals[1]);
    csv.pipe(out, { end: positionals[1] !== undefined });
    for await (const row of await what.rows(platform, subject)) if (!csv.write(row)) await once(csv, 'drain');
    csv.end();
    await once(positionals[1] === undefined ? csv : out, positionals[1] === undefined ? 'end' : 'finish');
  });
