/** One CSV file as text: a header line and one line per row, RFC 4180 quoting where needed, `\n` line ends. */
export const csv = <Row extends Readonly<Record<string, string>>>(columns: readonly (keyof Row & string)[], rows: readonly Row[]): string =>
  [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))].map((line) => `${line.map(cell).join(',')}\n`).join('');

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
