import { beforeEach, describe, expect, it } from 'vitest';
import { tabularModel } from './tabular-model.js';
import { TabularSequence } from './tabular-sequence.js';

const model = tabularModel({ vocabulary: 4, seed: 1 });
const nothing = () => {};
let sequence: TabularSequence;

beforeEach(() => {
  sequence = new TabularSequence(model, 6);
});

it('gives the rows of the last tokens, each after all tokens before it', async () => {
  const rows = await sequence.evaluate([0, 1, 2], 2, (lent) => lent.map((row) => [...row]));
  expect(rows).toEqual([[...model.logits([0, 1])], [...model.logits([0, 1, 2])]]);
  expect(sequence.evaluated).toEqual(['0', '0 1', '0 1 2']);
});

it('takes its rows back when they have been read', async () => {
  const rows = await sequence.evaluate([0, 1, 2], 2, (lent) => lent);
  expect(rows.flatMap((row) => [...row])).toEqual(Array(8).fill(Number.NaN));
});

it('is as it was when reading throws', async () => {
  await sequence.evaluate([0, 1], 0, nothing);
  const broken = sequence.evaluate([2, 3], 1, () => {
    throw new Error('broken');
  });
  await expect(broken).rejects.toThrow('broken');
  expect(sequence.tokens).toEqual([0, 1]);
});

describe('it throws', () => {
  it.each([
    ['more rows than tokens', [0], 2],
    ['no tokens', [], 0],
    ['tokens that do not fit', [0, 1, 2, 3, 0, 1, 2], 0],
    ['tokens outside the vocabulary', [4], 0],
  ])('for %s', async (_, tokens, rows) => {
    await expect(sequence.evaluate(tokens, rows, nothing)).rejects.toThrow('sequence contract');
  });

  it('for a rewind beyond its length', () => {
    expect(() => sequence.rewind(1)).toThrow('sequence contract');
    expect(() => sequence.rewind(-1)).toThrow('sequence contract');
  });

  it('for anything but another close once it is closed', async () => {
    sequence.close();
    sequence.close();
    expect(() => sequence.rewind(0)).toThrow('sequence contract');
    await expect(sequence.evaluate([0], 1, nothing)).rejects.toThrow('sequence contract');
  });

  it('for two calls at a time', async () => {
    const first = sequence.evaluate([0], 1, nothing);
    expect(() => sequence.rewind(0)).toThrow('sequence contract');
    await expect(sequence.evaluate([1], 1, nothing)).rejects.toThrow('sequence contract');
    await first;
  });
});
