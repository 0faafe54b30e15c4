/** Edits (Levenshtein) that turn one word into another. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const change = row[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(change, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
};

/** The one of the known words that was probably meant; `undefined` when none is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  const [best] = known
    .map((candidate) => ({ candidate, edits: distance(word, candidate) }))
    .sort((left, right) => left.edits - right.edits);
  return best && best.edits <= Math.max(2, word.length / 4) ? best.candidate : undefined;
};
