import { describe, expect, it } from 'vitest';
import type { Row, Sequence, Token } from '../speculative/index.js';
import { sequenceTranslator, type Translation } from './translated-sequence.js';

const NONE = Number.NEGATIVE_INFINITY;

/** A sequence whose rows are 1, 2, 3, ... and that remembers what it was asked for. */
function draft(size: number) {
  const asked: Token[] = [];
  const rows = [0, 1].map((place) => Float32Array.from({ length: size }, (_, id) => 100 * place + id + 1));
  const sequence: Sequence = {
    length: 7,
    capacity: 9,
    evaluate: async (tokens, count, read) => {
      asked.push(...tokens);
      return read(rows.slice(0, count));
    },
    rewind: (length) => asked.push(-length),
    close: () => asked.push(-100),
  };
  return { sequence, asked, rows };
}

/** `pairs[draft]` is the target's id. */
function translation(targetSize: number, pairs: readonly (Token | undefined)[]): Translation {
  return {
    targetSize,
    draftSize: pairs.length,
    masked: pairs.flatMap((to, from) => (to === undefined ? [from] : [])),
    toDraft: (token) => Math.max(0, pairs.indexOf(token)),
    toTarget: (token) => pairs[token],
  };
}

async function rowsOf(translated: Sequence, count: number): Promise<number[][]> {
  return translated.evaluate([1, 2].slice(0, count), count, (rows) => rows.map((row) => [...row]));
}

describe('sequenceTranslator', () => {
  it.each([
    { name: 'the same ids', pairs: [0, 1, 2, 3], targetSize: 4, expected: [1, 2, 3, 4] },
    { name: 'masked ids', pairs: [0, undefined, 2, undefined], targetSize: 4, expected: [1, NONE, 3, NONE] },
    { name: 'moved ids', pairs: [0, 2, 1, 3], targetSize: 4, expected: [1, 3, 2, 4] },
    { name: 'moved and masked ids', pairs: [3, undefined, 0, 1], targetSize: 4, expected: [3, 4, NONE, 1] },
    { name: 'a smaller draft vocabulary', pairs: [0, 1, undefined], targetSize: 5, expected: [1, 2, NONE, NONE, NONE] },
    { name: 'a larger draft vocabulary', pairs: [0, 1, 2, undefined, undefined], targetSize: 3, expected: [1, 2, 3] },
    { name: 'a larger one with moved ids', pairs: [0, undefined, undefined, 1, 2], targetSize: 3, expected: [1, 4, 5] },
  ])('arranges rows of $name in the order of the target', async ({ pairs, targetSize, expected }) => {
    const { sequence } = draft(pairs.length);
    const translated = sequenceTranslator(translation(targetSize, pairs))(sequence);
    const later = expected.map((logit) => logit + 100);
    expect(await rowsOf(translated, 2)).toEqual([expected, later]);
    expect(await rowsOf(translated, 2)).toEqual([expected, later]);
  });

  it('passes rows on as they are where nothing differs', async () => {
    const { sequence, rows } = draft(4);
    const translated = sequenceTranslator(translation(4, [0, 1, 2, 3]))(sequence);
    let seen: readonly Row[] = [];
    await translated.evaluate([1], 1, (lent) => {
      seen = lent;
    });
    expect(seen[0]).toBe(rows[0]);
  });

  it('translates what goes in and hands on the rest', async () => {
    const { sequence, asked } = draft(4);
    const translated = sequenceTranslator(translation(4, [0, 2, 1, 3]))(sequence);
    expect([translated.length, translated.capacity]).toEqual([7, 9]);
    await translated.evaluate([0, 1, 2], 0, () => undefined);
    translated.rewind(5);
    translated.close();
    expect(asked).toEqual([0, 2, 1, -5, -100]);
  });
});
