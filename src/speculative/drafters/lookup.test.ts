import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import { draftRequest } from '../testing/draft-request.js';
import { beliefIn, LookupDrafter } from './lookup.js';

const draft = (context: readonly Token[], room = 8, prefix: readonly Token[] = [], corpus: readonly Token[] = []) =>
  new LookupDrafter(corpus).propose(draftRequest(context, room, { prefix }));

describe('LookupDrafter', () => {
  it('proposes what followed the longest end of the text that stood in it before', async () => {
    expect((await draft([1, 2, 3, 4, 9, 2, 3], 3)).tokens).toEqual([4, 9, 2]);
    expect((await draft([7, 3, 5, 2, 3, 6, 2, 3], 1)).tokens).toEqual([6]);
  });

  it('proposes nothing behind a token that is new, and nothing without room', async () => {
    expect((await draft([1, 2, 1, 3])).tokens).toEqual([]);
    expect((await draft([1, 2, 1], 0)).tokens).toEqual([]);
  });

  it('goes on with a text that repeats itself to its end', async () => {
    expect((await draft([1, 2, 3, 1, 2, 3], 7)).tokens).toEqual([1, 2, 3, 1, 2, 3, 1]);
    expect((await draft([5, 5], 4)).tokens).toEqual([5, 5, 5, 5]);
  });

  it('goes on behind what others drafted, which is forgotten afterwards', async () => {
    const drafter = new LookupDrafter();
    const context = [1, 2, 3, 4, 9, 8];
    expect((await drafter.propose(draftRequest(context, 2, { prefix: [2, 3] }))).tokens).toEqual([4, 9]);
    expect((await drafter.propose(draftRequest(context, 2, { prefix: [7, 7] }))).tokens).toEqual([]);
    expect((await drafter.propose(draftRequest([...context, 2], 2))).tokens).toEqual([3, 4]);
  });

  it('looks in the corpus, and in the text first where both agree as far', async () => {
    expect((await draft([3, 1, 2], 2, [], [1, 2, 5, 6, 7])).tokens).toEqual([5, 6]);
    expect((await draft([1, 2, 4, 1, 2], 1, [], [1, 2, 5])).tokens).toEqual([4]);
  });

  it('believes in longer matches, and in each token more than in the one before', async () => {
    const { confidences } = await draft([1, 2, 3, 4, 9, 2, 3], 3);
    expect(confidences).toEqual([beliefIn(2), beliefIn(3), beliefIn(4)]);
    expect(beliefIn(1)).toBeLessThan(0.5);
    expect(beliefIn(2)).toBeGreaterThan(0.5);
    expect(beliefIn(1000)).toBeLessThan(1);
  });

  it('asks before each token, with its belief as the peak', async () => {
    const peaks: number[] = [];
    const length = {
      wants: () => true,
      admits: (peak: number) => {
        peaks.push(peak);
        return peaks.length < 3;
      },
      keep: () => 0,
    };
    const { tokens } = await new LookupDrafter().propose(draftRequest([1, 2, 3, 4, 9, 1], 9, { length }));
    expect(tokens).toEqual([2, 3]);
    expect(peaks).toEqual([beliefIn(1), beliefIn(2), beliefIn(3)]);
  });

  it('always copies from one place of corpus, text and draft, behind tokens like the last ones', async () => {
    const tokens = (maxLength: number) => fc.array(fc.nat(2), { maxLength });
    await fc.assert(
      fc.asyncProperty(tokens(8), tokens(16), tokens(6), async (corpus, context, prefix) => {
        const { tokens: copied, confidences } = await draft(context, 9, prefix, corpus);
        expect(confidences).toHaveLength(copied.length);
        if (copied.length === 0) return;
        const known = [...corpus, ...context, ...prefix];
        const whole = [...known, ...copied];
        const matched = Array.from({ length: known.length }, (_, at) => at).filter(
          (at) => at > 0 && at <= corpus.length + context.length && known[at - 1] === known.at(-1),
        );
        const places = matched.filter((at) => copied.every((token, i) => whole[at + i] === token));
        expect(places.length).toBeGreaterThan(0);
        expect(copied).toHaveLength(9);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
