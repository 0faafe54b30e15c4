/** Columns of text with a header, numbers to the right; widths count Chinese characters double. */
export const table = (header: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const right = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          right[column] ? ' '.repeat(widths[column]! - widthOf(cell)) + cell : cell + ' '.repeat(widths[column]! - widthOf(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const widthOf = (text: string): number => [...text].reduce((sum, character) => sum + (/[\u2e80-\uffef]/u.test(character) ? 2 : 1), 0);
