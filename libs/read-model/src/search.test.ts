import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesSearch, queryTokens, searchTokens, words } from './search.ts';

it('splits at everything that is neither letter nor digit, in normal form', () => {
  expect(words('Ａ１－兰州拉面（南山店）')).toEqual(['a1', '兰州拉面', '南山店']);
});

it('files a text under its pairs and triples of characters, and under each Chinese one', () => {
  expect(searchTokens(['面馆ab', 'x'])).toEqual(['面', '馆', '面馆', '馆a', 'ab', '面馆a', '馆ab', 'x']);
});

it('asks for triples where a word has them, else for the pair, else for the character', () => {
  expect(queryTokens('张三丰家 面馆 面')).toEqual(['张三丰', '三丰家', '面馆', '面']);
});

it('takes characters beyond the basic plane as one', () => {
  expect(searchTokens(['𠮷野'])).toEqual(['𠮷', '野', '𠮷野']);
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
