import { parse } from 'csv-parse/sync';

/** One line of a CSV file: its cells, or what is wrong with it. */
export interface CsvRecord {
  readonly line: number;
  readonly record: readonly string[];
  readonly problem?: string;
}

/**
 * Reads CSV as a stream, one record per line; empty lines are passed over. A record never spans lines, so that a stray quote spoils its
 * own line and nothing after it.
 */
export async function* readRecords(input: AsyncIterable<string | Uint8Array>): AsyncGenerator<CsvRecord> {
  let line = 0;
  for await (const text of lines(input)) {
    line++;
    if (text.trim() !== '') yield { line, ...cellsOf(text) };
  }
}

const cellsOf = (text: string): Pick<CsvRecord, 'record' | 'problem'> => {
  if (!text.includes('"')) return { record: text.split(',').map((cell) => cell.trim()) };
  try {
    return { record: parse(text, { trim: true, relax_column_count: true })[0] ?? [] };
  } catch (error) {
    return { record: [], problem: (error as Error).message.replace(/ at line \d+/, '') };
  }
};

async function* lines(input: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
  yield rest + decoder.decode();
}
