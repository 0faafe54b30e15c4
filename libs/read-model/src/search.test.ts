import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesSearch, queryTokens, searchTokens, words } from './search.ts';

it('splits at everything that is neither letter nor digit, in normal form', () => {
  expect(words('Ａ１－兰州拉面（南山店）')).toEqual(['a1', '兰州拉面', '南山店']);
});

it('files a text under its pairs of characters, and under each Chinese one', () => {
  expect(searchTokens(['面馆ab', 'x'])).toEqual(['面', '面馆', '馆', '馆a', 'ab', 'x']);
});

it('takes characters beyond the basic plane as one', () => {
  expect(searchTokens(['𠮷野'])).toEqual(['𠮷', '𠮷野', '野']);
});

it.each([
  ['面', ['兰州拉面馆'], true],
  ['面馆', ['兰州拉面馆'], true],
  ['张三丰', ['张三', '三丰'], false],
  ['h', ['huaqiang'], false],
  ['h', ['building h'], true],
  ['0755-123', ['0755-1234567'], true],
  ['。', ['anything'], true],
])('%s in %j: %s', (query, texts, expected) => {
  expect(matchesSearch(texts, query)).toBe(expected);
});

it('never asks for a token that a matching text is not filed under', () => {
  const text = fc.stringMatching(/^[面馆张三丰ab1 ,]{0,12}$/u);
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), fc.stringMatching(/^[面馆张三丰ab1 ]{0,4}$/u), (texts, query) => {
      if (!matchesSearch(texts, query)) return;
      const filed = new Set(searchTokens(texts));
      for (const token of queryTokens(query)) expect(filed.has(token)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
