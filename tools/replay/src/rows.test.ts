import { describe, expect, it } from 'vitest';
import { columns, readRows, WrongHeader, type Column, type RowsRead } from './rows.ts';

const cells: Readonly<Record<Column, string>> = {
  inspection_id: '1',
  license: '77',
  business_name: 'Nook Diner',
  facility_type: 'Restaurant',
  risk: 'Risk 1 (High)',
  address: '1 A ST',
  zip: '60600',
  latitude: '41.8',
  longitude: '-87.6',
  inspection_date: '2012-03-05',
  inspection_type: 'Canvass',
  result: 'Pass w/ Conditions',
  violations: '3;33;70',
  inspector: 'jade',
  license_description: 'Retail Food Establishment',
  business_activity: 'x',
  license_start: '2011-01-16',
  license_expiry: '2013-01-15',
  license_status: 'AAI',
  ward: '42',
};
const line = (change: Partial<Record<Column, string>> = {}): string => columns.map((column) => ({ ...cells, ...change })[column]).join(',');
const read = (...lines: string[]): Promise<RowsRead> => {
  const chunks = [columns.join(','), ...lines].map((text) => `${text}\n`);
  return readRows(
    (async function* () {
      yield* chunks;
    })(),
  );
};

describe('reading a file of inspections', () => {
  it('gives typed rows with their lines', async () => {
    const { rows, bad } = await read(line());
    expect(bad).toEqual([]);
    expect(rows).toEqual([
      {
        line: 2,
        inspectionId: '1',
        licence: '77',
        name: 'Nook Diner',
        facilityType: 'Restaurant',
        risk: 'high',
        address: '1 A ST',
        coordinates: { latitude: 41.8, longitude: -87.6 },
        date: '2012-03-05',
        inspectionType: 'Canvass',
        result: 'pass-with-conditions',
        items: [3, 33, 70],
        inspector: 'jade',
        licenceKind: 'Retail Food Establishment',
        licenceFrom: '2011-01-16',
        licenceTo: '2013-01-15',
        ward: 42,
      },
    ]);
  });

  it('leaves out what a row does not have', async () => {
    const absent = { ward: '', latitude: '', longitude: '', inspector: '', facility_type: '', inspection_type: '', violations: '' };
    const { rows } = await read(line({ ...absent, license_start: '', license_expiry: '', license_description: '', risk: '' }));
    expect(rows[0]).toEqual({
      line: 2,
      inspectionId: '1',
      licence: '77',
      name: 'Nook Diner',
      address: '1 A ST',
      date: '2012-03-05',
      result: 'pass-with-conditions',
      items: [],
    });
  });

  it.each<[Column, string]>([
    ['inspection_id', ''],
    ['inspection_id', 'a b'],
    ['license', ''],
    ['business_name', ''],
    ['address', ''],
    ['inspection_date', '2012-02-30'],
    ['result', 'Out of Business'],
    ['risk', 'Risk 9'],
    ['violations', '3;45'],
    ['violations', '3;3'],
    ['violations', '3,x'.replace(',', ';')],
    ['ward', '51'],
    ['latitude', ''],
    ['latitude', '141.8'],
    ['license_expiry', 'soon'],
  ])('reports a row with %s "%s" and takes the others', async (field, value) => {
    const { rows, bad } = await read(line({ [field]: value }), line({ inspection_id: '2' }));
    expect(bad).toEqual([expect.objectContaining({ line: 2, field })]);
    expect(rows.map((row) => row.inspectionId)).toEqual(['2']);
  });

  it('reports an inspection id that occurs twice, naming the earlier line', async () => {
    const { rows, bad } = await read(line(), line());
    expect(rows).toHaveLength(1);
    expect(bad).toEqual([{ line: 3, field: 'inspection_id', reason: '1 is already on line 2' }]);
  });

  it('reports a row with too few fields', async () => {
    const { bad } = await read('1,2,3', line());
    expect(bad).toEqual([{ line: 2, field: '', reason: '3 fields instead of 20' }]);
  });

  it.each(['The "Nook" Diner', '"Nook" Diner', '"Nook'])(
    'reports a row with the stray quotes of %s and goes on with the next',
    async (name) => {
      const { rows, bad } = await read(line({ business_name: name }), line({ inspection_id: '2' }));
      expect(bad).toEqual([expect.objectContaining({ line: 2 })]);
      expect(rows.map((row) => row.inspectionId)).toEqual(['2']);
    },
  );

  it('counts every record as a row or as a bad row', async () => {
    const lines = [
      line(),
      line({ ward: 'x' }),
      '',
      'a,b',
      line({ inspection_id: '3' }),
      line({ business_name: '"A" B', inspection_id: '4' }),
    ];
    const { rows, bad } = await read(...lines);
    expect(rows.length + bad.length).toBe(lines.filter((text) => text !== '').length);
  });

  it('reads the same from chunks that cut through lines and characters', async () => {
    const bytes = new TextEncoder().encode(`\uFEFF${columns.join(',')}\r\n${line({ business_name: '双桥饺子馆' })}\r\n`);
    const { rows, bad } = await readRows(
      (async function* () {
        for (const byte of bytes) yield Uint8Array.of(byte);
      })(),
    );
    expect(bad).toEqual([]);
    expect(rows).toEqual([expect.objectContaining({ name: '双桥饺子馆', ward: 42 })]);
  });

  it('refuses a file with another header, naming the columns it lacks', async () => {
    const wrong = (async function* () {
      yield 'inspection_id,license\n1,2\n';
    })();
    await expect(readRows(wrong)).rejects.toThrowError(WrongHeader);
    await expect(readRows((async function* (): AsyncGenerator<string> {})())).rejects.toThrowError(/empty/);
  });

  it('refuses a file that does not exist', async () => {
    await expect(readRows('/no/such/file.csv')).rejects.toThrowError(/ENOENT/);
  });
});
