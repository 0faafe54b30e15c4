/**
 * Free-text search, the same in every store. A query's words must all occur in the texts of a document, each anywhere inside
 * one word of them: 面 and 拉面 find 兰州拉面馆, `hua` finds Huaqiang. A single letter or digit that is not a Chinese character
 * only finds a word that consists of it. Upper and lower case, and full and half width, are the same.
 */

const HAN = /\p{Script=Han}/u;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** The words of a text in normal form (NFKC, lower case); everything but letters, marks and digits separates words. */
export const words = (text: string): readonly string[] => text.normalize('NFKC').toLowerCase().match(WORD) ?? [];

const addTokens = (word: string, into: Set<string>, single: boolean): void => {
  const characters = [...word];
  if (characters.length === 1) into.add(word);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!;
    if (single && HAN.test(character)) into.add(character);
    const next = characters[index + 1];
    if (next !== undefined) into.add(character + next);
  }
};

/** The tokens under which a document is filed: all pairs of neighbouring characters, and each Chinese character. */
export const searchTokens = (texts: readonly string[]): readonly string[] => {
  const tokens = new Set<string>();
  for (const text of texts) for (const word of words(text)) addTokens(word, tokens, true);
  return [...tokens];
};

/** The tokens that a document must have to be a candidate (at most 24: the rest is left to `matchesSearch`). */
export const queryTokens = (query: string): readonly string[] => {
  const tokens = new Set<string>();
  for (const word of words(query)) addTokens(word, tokens, false);
  return [...tokens].slice(0, 24);
};

/** Whether a candidate really matches: pairs of characters may stand far apart where the query has them side by side. */
export const matchesSearch = (texts: readonly string[], query: string): boolean => {
  const found = texts.flatMap((text) => words(text));
  return words(query).every((wanted) =>
    [...wanted].length === 1 && !HAN.test(wanted) ? found.includes(wanted) : found.some((word) => word.includes(wanted)),
  );
};
