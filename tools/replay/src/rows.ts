import { createReadStream } from 'node:fs';
import { isLocalDate, type LocalDate } from '@sanwang/statutory';
import { severityOf } from './checklist.ts';
import { readRecords } from './records.ts';

export type VisitResult = 'pass' | 'pass-with-conditions' | 'fail';

export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/** One inspection of the file. Absent facts are absent: a real file lacks wards, coordinates, inspectors, types and licences' dates. */
export interface Row {
  /** Line of the file; the header is line 1. */
  readonly line: number;
  readonly inspectionId: string;
  readonly licence: string;
  readonly name: string;
  readonly facilityType?: string;
  readonly risk?: 'high' | 'medium' | 'low';
  readonly address: string;
  readonly coordinates?: Coordinates;
  readonly date: LocalDate;
  readonly inspectionType?: string;
  readonly result: VisitResult;
  /** Numbers of the violated items, in the file's order. */
  readonly items: readonly number[];
  readonly inspector?: string;
  readonly licenceKind?: string;
  readonly licenceFrom?: LocalDate;
  readonly licenceTo?: LocalDate;
  readonly ward?: number;
}

/** A row that cannot be replayed, with the reason. Nothing else is left out. */
export interface BadRow {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

export interface RowsRead {
  readonly rows: readonly Row[];
  readonly bad: readonly BadRow[];
}

export const columns = [
  'inspection_id',
  'license',
  'business_name',
  'facility_type',
  'risk',
  'address',
  'zip',
  'latitude',
  'longitude',
  'inspection_date',
  'inspection_type',
  'result',
  'violations',
  'inspector',
  'license_description',
  'business_activity',
  'license_start',
  'license_expiry',
  'license_status',
  'ward',
] as const;
export type Column = (typeof columns)[number];
type Cells = Readonly<Record<Column, string>>;

/** The file is not one of inspections at all: its header lacks columns. */
export class WrongHeader extends Error {
  override readonly name = 'WrongHeader';
}

/** Reads a file of inspections as a stream. Every record becomes a row or a bad row; a repeated inspection id is a bad row. */
export const readRows = async (source: string | AsyncIterable<string | Uint8Array>): Promise<RowsRead> => {
  const rows: Row[] = [];
  const bad: BadRow[] = [];
  const seen = new Map<string, number>();
  let header: Map<string, number> | undefined;

  const input = typeof source === 'string' ? createReadStream(source) : source;
  for await (const { line, record, problem } of readRecords(input)) {
    if (problem !== undefined) {
      bad.push({ line, field: '', reason: problem });
      continue;
    }
    if (!header) {
      header = headerOf(record);
      continue;
    }
    if (record.length !== header.size) {
      bad.push({ line, field: '', reason: `${record.length} fields instead of ${header.size}` });
      continue;
    }
    const row = toRow(cellsOf(record, header), line);
    const earlier = 'reason' in row ? undefined : seen.get(row.inspectionId);
    if ('reason' in row) bad.push(row);
    else if (earlier !== undefined) bad.push({ line, field: 'inspection_id', reason: `${row.inspectionId} is already on line ${earlier}` });
    else {
      seen.set(row.inspectionId, line);
      rows.push(row);
    }
  }
  if (!header) throw new WrongHeader('the file is empty');
  return { rows, bad };
};

const headerOf = (record: readonly string[]): Map<string, number> => {
  const header = new Map(record.map((name, index) => [name, index]));
  const missing = columns.filter((column) => !header.has(column));
  if (missing.length > 0) throw new WrongHeader(`not a file of inspections: the header lacks ${missing.join(', ')}`);
  return header;
};

const cellsOf = (record: readonly string[], header: ReadonlyMap<string, number>): Cells =>
  Object.fromEntries(columns.map((column) => [column, record[header.get(column)!] ?? ''])) as Record<Column, string>;

const results: Readonly<Record<string, VisitResult>> = { Pass: 'pass', Fail: 'fail', 'Pass w/ Conditions': 'pass-with-conditions' };
const risks: Readonly<Record<string, 'high' | 'medium' | 'low'>> = {
  'Risk 1 (High)': 'high',
  'Risk 2 (Medium)': 'medium',
  'Risk 3 (Low)': 'low',
};
const idForm = /^[A-Za-z0-9]{1,20}$/;

const toRow = (cells: Cells, line: number): Row | BadRow => {
  const wrong = (field: Column, expected: string): BadRow => ({ line, field, reason: `expected ${expected}, found "${cells[field]}"` });

  if (!idForm.test(cells.inspection_id)) return wrong('inspection_id', 'an id of letters and digits');
  if (!idForm.test(cells.license)) return wrong('license', 'a licence number of letters and digits');
  if (cells.business_name === '') return wrong('business_name', 'a name');
  if (cells.address === '') return wrong('address', 'an address');
  if (!isLocalDate(cells.inspection_date)) return wrong('inspection_date', 'a date YYYY-MM-DD');
  const result = results[cells.result];
  if (!result) return wrong('result', Object.keys(results).join(' | '));
  if (cells.risk !== '' && !risks[cells.risk]) return wrong('risk', Object.keys(risks).join(' | '));
  const items = cells.violations === '' ? [] : cells.violations.split(';').map(Number);
  if (items.some((item) => severityOf(item) === undefined) || new Set(items).size < items.length)
    return wrong('violations', 'different item numbers of the form, separated by ;');
  const ward = cells.ward === '' ? undefined : Number(cells.ward);
  if (ward !== undefined && !(Number.isInteger(ward) && ward >= 1 && ward <= 50)) return wrong('ward', 'a ward from 1 to 50');
  const coordinates = coordinatesOf(cells);
  if (coordinates === 'wrong') return wrong('latitude', 'latitude and longitude in degrees, or neither');
  for (const field of ['license_start', 'license_expiry'] as const) {
    if (cells[field] !== '' && !isLocalDate(cells[field])) return wrong(field, 'a date YYYY-MM-DD');
  }

  return {
    line,
    inspectionId: cells.inspection_id,
    licence: cells.license,
    name: cells.business_name,
    address: cells.address,
    date: cells.inspection_date,
    result,
    items,
    ...(cells.facility_type && { facilityType: cells.facility_type }),
    ...(cells.risk && { risk: risks[cells.risk]! }),
    ...(coordinates && { coordinates }),
    ...(cells.inspection_type && { inspectionType: cells.inspection_type }),
    ...(cells.inspector && { inspector: cells.inspector }),
    ...(cells.license_description && { licenceKind: cells.license_description }),
    ...(cells.license_start && { licenceFrom: cells.license_start }),
    ...(cells.license_expiry && { licenceTo: cells.license_expiry }),
    ...(ward !== undefined && { ward }),
  };
};

const coordinatesOf = (cells: Cells): Coordinates | 'wrong' | undefined => {
  if (cells.latitude === '' && cells.longitude === '') return undefined;
  const latitude = Number(cells.latitude || NaN);
  const longitude = Number(cells.longitude || NaN);
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : 'wrong';
};
