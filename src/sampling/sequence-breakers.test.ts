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

test('remembers the last 256 texts that were used', () => {
  const vocabulary = vocabularyOf();
  const breakers = new SequenceBreakers(vocabulary);
  const looks = (text: string): number => {
    vocabulary.bytes.mockClear();
    breakers.spellings([text]);
    return vocabulary.bytes.mock.calls.length / PIECES.length;
  };
  for (let i = 0; i < 256; i++) expect(looks(`text ${i}`)).toBe(1);
  expect(looks('text 0')).toBe(0);
  expect(looks('one more')).toBe(1);
  expect(looks('text 0')).toBe(0);
  expect(looks('text 1')).toBe(1);
});

test('forgets texts that have too many spellings together', () => {
  const size = 200_000;
  const piece = Buffer.from('abc');
  let reads = 0;
  const bytes = () => {
    reads++;
    return piece;
  };
  const breakers = new SequenceBreakers({ size, bytes, tokenize: () => [] });
  for (const text of ['a', 'b', 'c']) expect(breakers.spellings([text])).toHaveLength(size);
  expect(reads).toBe(3 * size);
  breakers.spellings(['c', 'b']);
  expect(reads).toBe(3 * size);
  breakers.spellings(['a']);
  expect(reads).toBe(4 * size);
});
