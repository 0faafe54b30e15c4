/**
 * Free-text search, the same in every store. A query's words must all occur in the texts of a document, each anywhere inside
 * one word of them: 面 and 拉面 find 兰州拉面馆, `hua` finds Huaqiang. A single letter or digit that is not a Chinese character
 * only finds a word that consists of it. Upper and lower case, and full and half width, are the same.
 */

const HAN = /\p{Script=Han}/u;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** The words of a text in normal form (NFKC, lower case); everything but letters, marks and digits separates words. */
export const words = (text: string): readonly string[] => text.normalize('NFKC').toLowerCase().match(WORD) ?? [];

/** Raised when documents are filed under other tokens: stores then build their models anew. */
export const SEARCH_SCHEME = 2;

/** All stretches of so many neighbouring characters. */
const addStretches = (characters: readonly string[], length: number, into: Set<string>): void => {
  for (let index = 0; index + length <= characters.length; index++) into.add(characters.slice(index, index + length).join(''));
};

/**
 * The tokens under which a document is filed: each Chinese character, all pairs and all triples of neighbouring characters. Pairs
 * are what a query of two characters needs; where names hold numbers every pair is in thousands of them, a triple in hundreds.
 */
export const searchTokens = (texts: readonly string[]): readonly string[] => {
  const tokens = new Set<string>();
  for (const text of texts) {
    for (const word of words(text)) {
      const characters = [...word];
      if (characters.length === 1) tokens.add(word);
      for (const character of characters) if (HAN.test(character)) tokens.add(character);
      addStretches(characters, 2, tokens);
      addStretches(characters, 3, tokens);
    }
  }
  return [...tokens];
};

/** The tokens that a document must have to be a candidate (at most 24: the rest is left to `matchesSearch`). */
export const queryTokens = (query: string): readonly string[] => {
  const tokens = new Set<string>();
  for (const word of words(query)) {
    const characters = [...word];
    addStretches(characters, Math.min(3, characters.length), tokens);
  }
  return [...tokens].slice(0, 24);
};

/** Whether a candidate really matches: triples of characters may stand far apart where the query has them side by side. */
export const matchesSearch = (texts: readonly string[], query: string): boolean => {
  const found = texts.flatMap((text) => words(text));
  return words(query).every((wanted) =>
    [...wanted].length === 1 && !HAN.test(wanted) ? found.includes(wanted) : found.some((word) => word.includes(wanted)),
  );
};
