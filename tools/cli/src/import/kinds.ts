import { CalendarServiceDefinition, OfficerServiceDefinition, UnitServiceDefinition } from '@sanwang/contracts/directory';
import { BusinessServiceDefinition } from '@sanwang/contracts/registration';
import type { Duty } from '@sanwang/identity';
import { Rejection } from '@sanwang/kernel';
import type { CallOptions, ClientOf } from '@sanwang/rpc';
import type { Platform } from '../platform.ts';
import { readCsv, type CsvRow } from './csv.ts';

/** One thing to be taken in, from one or several lines of the file. */
export interface ImportItem {
  readonly line: number;
  send(options: CallOptions): Promise<void>;
}
/** Items of one wave may go in parallel; the next wave waits for them (a unit needs its parent). */
export type Waves = readonly (readonly ImportItem[])[];

export interface ImportKind {
  readonly duty: Duty;
  read(path: string, platform: Platform, subject: string): Promise<Waves>;
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
const optional = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text);
const collect = async (path: string, columns: readonly string[]): Promise<CsvRow[]> => {
  const rows: CsvRow[] = [];
  for await (const row of readCsv(path, columns)) rows.push(row);
  return rows;
};
const isExists = (error: unknown, reason: string): boolean => error instanceof Rejection && error.reason === reason;

/** What the file says counts: a thing that is there with other content is changed. */
const registerOrChange = async (register: () => Promise<unknown>, reason: string, change: () => Promise<unknown>): Promise<void> => {
  try {
    await register();
  } catch (error) {
    if (!isExists(error, reason)) throw error;
    await change();
  }
};

const units: ImportKind = {
  duty: 'directory-admin',
  async read(path, platform, subject) {
    const client = await platform.client(UnitServiceDefinition, subject);
    const rows = await collect(path, ['code', 'kind', 'parent', 'name', 'areas', 'validFrom']);
    const parents = new Map(rows.map(({ cells }) => [cells['code']!, cells['parent'] ?? '']));
    const depth = (code: string, seen = new Set<string>()): number => {
      const parent = parents.get(code);
      return parent === undefined || parent === '' || seen.has(code) ? 0 : 1 + depth(parent, seen.add(code));
    };
    const waves: ImportItem[][] = [];
    for (const { line, cells } of rows) {
      const { code = '', kind = '', name = '', validFrom = '' } = cells;
      const unit = {
        kind,
        parent: optional(cells['parent']),
        name,
        areas: list(cells['areas']),
        validFrom,
        timeZone: optional(cells['timeZone']),
        calendar: optional(cells['calendar']),
      };
      const { kind: _kind, ...change } = unit;
      (waves[depth(code)] ??= []).push({
        line,
        send: (options) =>
          registerOrChange(
            () => client.registerUnit({ code, ...unit }, options),
            'unit-exists',
            () => client.changeUnit({ code, ...change }, { ...options, idempotencyKey: `${options.idempotencyKey}-change` }),
          ),
      });
    }
    return waves.filter((wave) => wave !== undefined);
  },
};

const officers: ImportKind = {
  duty: 'directory-admin',
  async read(path, platform, subject) {
    const client = await platform.client(OfficerServiceDefinition, subject);
    const rows = await collect(path, ['id', 'name', 'unit', 'duties']);
    return [
      rows.map(({ line, cells }) => {
        const { id = '', name = '', unit = '', certificate } = cells;
        const officer = {
          name,
          phone: optional(cells['phone']),
          unit,
          duties: list(cells['duties']),
          certificate: certificate
            ? { number: certificate, validFrom: cells['certificateFrom'] ?? '', validTo: cells['certificateTo'] ?? '' }
            : undefined,
        };
        return {
          line,
          send: (options) =>
            registerOrChange(
              () => client.registerOfficer({ id, ...officer }, options),
              'officer-exists',
              () => client.changeOfficer({ id, ...officer }, { ...options, idempotencyKey: `${options.idempotencyKey}-change` }),
            ),
        };
      }),
    ];
  },
};

const calendars: ImportKind = {
  duty: 'directory-admin',
  async read(path, platform, subject) {
    const client = await platform.client(CalendarServiceDefinition, subject);
    const years = new Map<
      string,
      { line: number; calendar: string; year: number; days: { date: string; working: boolean; name: string }[] }
    >();
    for (const { line, cells } of await collect(path, ['calendar', 'date', 'working', 'name'])) {
      const { calendar = '', date = '', working = '', name = '' } = cells;
      const key = `${calendar} ${date.slice(0, 4)}`;
      const year = years.get(key) ?? { line, calendar, year: Number(date.slice(0, 4)), days: [] };
      years.set(key, year);
      year.days.push({ date, working: working === 'true', name });
    }
    const source = `import of ${path.split('/').at(-1)}`;
    return [
      [...years.values()].map(({ line, ...year }) => ({
        line,
        send: async (options) => void (await client.publishCalendarYear({ ...year, source }, options)),
      })),
    ];
  },
};

/** The columns of a business file; `export businesses` writes the same ones. */
export const businessColumns = [
  'numberKind',
  'number',
  'authority',
  'name',
  'businessType',
  'address',
  'latitude',
  'longitude',
  'area',
  'riskGrade',
  'licences',
] as const;

const businessOf = (cells: CsvRow['cells']) => {
  const { numberKind = '', number = '', name = '', businessType = '', address = '', area = '', latitude, longitude } = cells;
  return {
    number: { kind: numberKind, value: number, authority: optional(cells['authority']) },
    name,
    businessType,
    address,
    coordinates: latitude && longitude ? { latitude: Number(latitude), longitude: Number(longitude) } : undefined,
    area,
    riskGrade: optional(cells['riskGrade']),
    licences: list(cells['licences']).map((text) => {
      const [kind = '', licence = '', validFrom, validTo] = text.split('/');
      return { kind, number: licence, validFrom: optional(validFrom), validTo: optional(validTo) };
    }),
    contact: optional(cells['contact']),
    legalRepresentative: optional(cells['legalRepresentative']),
    source: 'import',
  };
};

const businesses: ImportKind = {
  duty: 'registrar',
  async read(path, platform, subject) {
    const client: ClientOf<typeof BusinessServiceDefinition> = await platform.client(BusinessServiceDefinition, subject);
    const rows = await collect(path, ['numberKind', 'number', 'name', 'businessType', 'address', 'area']);
    return [
      rows.map(({ line, cells }) => ({ line, send: async (options) => void (await client.registerBusiness(businessOf(cells), options)) })),
    ];
  },
};

export const importKinds: Readonly<Record<string, ImportKind>> = { units, officers, calendars, businesses };
