import { addDays, isWeekend } from '@sanwang/statutory';
import { draw, drawInteger, drawOne } from '../draw.ts';
import { columns, type Column } from '../rows.ts';
import { places } from './places.ts';

// A made-up city in the format of a real city's file. Nobody and nothing in it exists.

type Record_ = Record<Column, string>;

export const sampleSeed = 'sample-city';
const visits = 500;
const licences = 410;
const firstDay = '2012-03-05';
const days = 84;

interface Place {
  readonly licence: string;
  readonly ward: number;
  readonly record: Partial<Record_>;
}

/** The text of `data/sample-city/inspections.csv`. */
export const generateSample = (): string => {
  const chance = (id: string, purpose: string): number => draw(sampleSeed, id, purpose);
  const workingDays = Array.from({ length: days }, (_, n) => addDays(firstDay, n)).filter((date) => !isWeekend(date));
  const records: Record_[] = [];
  for (let n = 0; n < visits; n++) {
    const id = `visit-${n}`;
    // The last visits go to known places, so that some licences are seen again, by other names, and twice on one day.
    const place = placeOf(n < licences ? n : drawInteger(sampleSeed, id, 'again', 0, licences - 1));
    const again = n >= licences;
    const sameDay = again && chance(id, 'same-day') < 0.06;
    const earlier = records.find((record) => record.license === place.licence);
    const items = itemsOf(id);
    records.push({
      ...emptyRecord,
      ...place.record,
      inspection_id: String(9_000_001 + n),
      inspection_date: sameDay && earlier ? earlier.inspection_date : drawOne(sampleSeed, id, 'day', workingDays),
      inspection_type: chance(id, 'no-type') < 0.01 ? '' : 'Canvass',
      ...(chance(id, 'no-facility') < 0.01 && { facility_type: '' }),
      result: resultOf(id, items),
      violations: items.join(';'),
      inspector: chance(id, 'no-inspector') < 0.3 ? '' : drawOne(sampleSeed, id, 'inspector', ['amber', 'coral', 'jade', 'slate']),
      ward: chance(id, 'no-ward') < 0.11 ? '' : String(place.ward),
      ...(chance(place.licence, 'no-coordinates') < 0.02 && { latitude: '', longitude: '' }),
      ...(again && changesOf(id, place)),
    });
  }
  records.sort((a, b) => compare(a.inspection_date, b.inspection_date) || compare(a.inspection_id, b.inspection_id));
  return [[...columns], ...records.map((record) => columns.map((column) => record[column]))]
    .map((cells) => `${cells.map(quoted).join(',')}\n`)
    .join('');
};

const emptyRecord = Object.fromEntries(columns.map((column) => [column, ''])) as Record_;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** 50 wards lie in five rows of ten, each a square of 0.02 degrees. */
const placeOf = (n: number): Place => {
  const id = `place-${n}`;
  const one = <T>(purpose: string, options: readonly T[]): T => drawOne(sampleSeed, id, purpose, options);
  const ward = drawInteger(sampleSeed, id, 'ward', 1, 50);
  const south = 41.7 + 0.02 * Math.floor((ward - 1) / 10);
  const west = -87.8 + 0.02 * ((ward - 1) % 10);
  const latitude = (south + 0.02 * draw(sampleSeed, id, 'latitude')).toFixed(6);
  const longitude = (west + 0.02 * draw(sampleSeed, id, 'longitude')).toFixed(6);
  const kind = one('kind', places.kinds);
  const from = one('licence-from', ['2010-04-16', '2010-11-16', '2011-01-16', '2011-07-16']);
  const name =
    kind.type === 'Restaurant' && draw(sampleSeed, id, 'chinese') < 0.3
      ? one('chinese-name', places.chineseNames)
      : `${one('owner', places.owners)} ${one('house', kind.houses)}`;
  return {
    licence: String(7_100_000 + 13 * n),
    ward,
    record: {
      license: String(7_100_000 + 13 * n),
      business_name: name,
      facility_type: kind.type,
      risk: one('risk', places.risks),
      address: `${drawInteger(sampleSeed, id, 'house-number', 1, 9999)} ${one('side', ['N', 'E', 'S', 'W'])} ${one('street', places.streets)}`,
      zip: String(99_900 + ward),
      latitude,
      longitude,
      license_description: 'Retail Food Establishment',
      business_activity: 'Retail Sales of Perishable Foods',
      license_start: from,
      license_expiry: `${Number(from.slice(0, 4)) + 2}${from.slice(4, 8)}15`,
      license_status: 'AAI',
    },
  };
};

/** A later visit finds another name now and then, or another address. */
const changesOf = (id: string, place: Place): Partial<Record_> => {
  const change = draw(sampleSeed, id, 'change');
  if (change < 0.08) return { business_name: `${drawOne(sampleSeed, id, 'new-owner', places.owners)} & Daughters` };
  if (change < 0.16)
    return { address: `${drawInteger(sampleSeed, id, 'new-number', 1, 9999)} S ${drawOne(sampleSeed, id, 'new-street', places.streets)}` };
  return place.ward % 2 === 0 && change < 0.2 ? { latitude: '', longitude: '' } : {};
};

/** Critical items are rare, minor ones common; a few visits find nothing. */
const itemsOf = (id: string): readonly number[] => {
  if (draw(sampleSeed, id, 'nothing') < 0.04) return [];
  const items = new Set<number>();
  const add = (purpose: string, share: number, pool: readonly number[]): void => {
    if (draw(sampleSeed, id, purpose) < share) items.add(drawOne(sampleSeed, id, `${purpose}-item`, pool));
  };
  add('critical', 0.13, [2, 3, 8, 11, 12]);
  add('serious', 0.25, [16, 18, 19, 21, 24, 29]);
  add('serious-again', 0.06, [18, 21, 29]);
  for (let n = 0; n < 5; n++) add(`minor-${n}`, 0.75, [30, 31, 32, 33, 34, 35, 36, 38, 40, 41, 42, 43, 70]);
  return [...items].sort((a, b) => a - b);
};

const resultOf = (id: string, items: readonly number[]): string => {
  const luck = draw(sampleSeed, id, 'result');
  if (items.length === 0) return luck < 0.3 ? 'Fail' : 'Pass';
  if (luck < 0.006) return 'Fail';
  if (items.some((item) => item <= 14)) return luck < 0.45 ? 'Fail' : luck < 0.98 ? 'Pass w/ Conditions' : 'Pass';
  if (items.some((item) => item <= 29)) return luck < 0.7 ? 'Fail' : luck < 0.99 ? 'Pass w/ Conditions' : 'Pass';
  return 'Pass';
};
