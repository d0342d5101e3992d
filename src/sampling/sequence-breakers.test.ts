import { expect, test, vi } from 'vitest';
import { SequenceBreakers } from './sequence-breakers.js';

const PIECES = ['a', 'ab', 'b', 'bc', 'c', 'xabcx', 'é', 'É'];
const vocabularyOf = () => ({
  size: PIECES.length,
  bytes: vi.fn((token: number) => Buffer.from(PIECES[token]!)),
  tokenize: (text: string) => [...text].map((letter) => PIECES.indexOf(letter)),
});

test('a breaker is spelled by tokens that contain it, and by tokens that end with its beginning', () => {
  const breakers = new SequenceBreakers(vocabularyOf());
  expect(breakers.spellings(['b'])).toEqual([[1], [2], [3], [5]]);
  expect(breakers.spellings(['abc'])).toEqual([[0, 2, 4], [1, 4], [5]]);
});

test('several breakers are put together', () => {
  const breakers = new SequenceBreakers(vocabularyOf());
  expect(breakers.spellings(['bc', 'É'])).toEqual([[1, 4], [2, 4], [3], [5], [7]]);
});

test('looks through the vocabulary once a text', () => {
  const vocabulary = vocabularyOf();
  const breakers = new SequenceBreakers(vocabulary);
  breakers.spellings(['b']);
  breakers.spellings(['b']);
  expect(vocabulary.bytes).toHaveBeenCalledTimes(PIECES.length);
});
