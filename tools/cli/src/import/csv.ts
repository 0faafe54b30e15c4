import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { invalid } from '@sanwang/kernel';

/** A line of a CSV file by its header; `line` counts from 1, the header's line included. */
export interface CsvRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** Reads a UTF-8 CSV file (with or without BOM) whose header must hold `columns`; a missing one is an error that names it. */
export async function* readCsv(path: string, columns: readonly string[]): AsyncGenerator<CsvRow> {
  const parser = createReadStream(path).pipe(
    parse({ bom: true, columns: true, info: true, skip_empty_lines: true, relax_column_count: true, trim: true }),
  );
  let checked = false;
  for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) {
    if (!checked) {
      const missing = columns.filter((column) => !(column in record));
      if (missing.length > 0) throw invalid('csv-header', path, `the columns ${missing.join(', ')} as well`);
      checked = true;
    }
    yield { line: info.lines, cells: record };
  }
}

/** A row that was not taken, and why. */
export interface BadRow {
  readonly line: number;
  readonly code: string;
  readonly reason: string;
  readonly message: string;
}

/** Writes the report of the rows that were not taken. */
export const writeReport = async (path: string, rows: readonly BadRow[]): Promise<void> => {
  const file = createWriteStream(path);
  file.end(
    stringify(
      rows.map(({ line, code, reason, message }) => [line, code, reason, message]),
      { header: true, columns: ['line', 'code', 'reason', 'message'] },
    ),
  );
  await once(file, 'finish');
};
