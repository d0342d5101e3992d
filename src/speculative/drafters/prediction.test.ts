import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../distribution.js';
import { draftRequest } from '../testing/draft-request.js';
import { beliefIn } from './lookup.js';
import { PredictionDrafter } from './prediction.js';

const PROMPT = [90, 91, 92];
const PREDICTION = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

/** What is proposed behind the prompt and these tokens of the answer. */
async function behind(answer: readonly Token[], { prefix = [] as Token[], room = 3, prediction = PREDICTION } = {}) {
  const drafter = new PredictionDrafter(prediction, PROMPT.length);
  return (await drafter.propose(draftRequest([...PROMPT, ...answer], room, { prefix }))).tokens;
}

describe('PredictionDrafter', () => {
  it('begins at the beginning, whatever the prompt was, and follows the answer', async () => {
    expect(await behind([])).toEqual([10, 11, 12]);
    expect(await behind([10, 11])).toEqual([12, 13, 14]);
    expect(await behind([], { prediction: [...PROMPT, 1] })).toEqual(PROMPT);
  });

  it('ends with the prediction', async () => {
    expect(await behind(PREDICTION.slice(0, 8))).toEqual([18, 19]);
    expect(await behind(PREDICTION)).toEqual([]);
    expect(await behind([...PREDICTION, 1, 2])).toEqual([]);
  });

  it('takes a token that differs for one that replaces another', async () => {
    expect(await behind([10, 11, 99])).toEqual([13, 14, 15]);
    expect(await behind([10, 11, 99, 98])).toEqual([14, 15, 16]);
  });

  it('finds its place again behind text that was put in', async () => {
    expect(await behind([10, 11, 99, 98, 97, 12])).toEqual([13, 14, 15]);
    expect(await behind([99, 98, 97, 96, 10, 11])).toEqual([12, 13, 14]);
  });

  it('finds its place again behind text that was left out', async () => {
    expect(await behind([10, 11, 15])).toEqual([16, 17, 18]);
    expect(await behind([14])).toEqual([15, 16, 17]);
  });

  it('stays where it is while that agrees as well as another place', async () => {
    const prediction = [1, 2, 3, 4, 1, 2, 3, 5];
    expect(await behind([1, 2, 3], { prediction, room: 1 })).toEqual([4]);
    expect(await behind([1, 2, 3, 4, 1, 2, 3], { prediction, room: 1 })).toEqual([5]);
  });

  it('goes on behind what others drafted, which is forgotten afterwards', async () => {
    const drafter = new PredictionDrafter(PREDICTION, PROMPT.length);
    const context = [...PROMPT, 10];
    expect((await drafter.propose(draftRequest(context, 2, { prefix: [15, 16] }))).tokens).toEqual([17, 18]);
    expect((await drafter.propose(draftRequest(context, 2))).tokens).toEqual([11, 12]);
    expect((await drafter.propose(draftRequest([...context, 15], 2))).tokens).toEqual([16, 17]);
  });

  it('believes in more the longer the answer has agreed, and in each token more than in the one before', async () => {
    const drafter = new PredictionDrafter(PREDICTION, 0);
    const beliefs = async (answer: readonly Token[]) =>
      (await drafter.propose(draftRequest(answer, 2))).confidences.map((confidence) => confidence);
    expect(await beliefs([10, 11])).toEqual([beliefIn(2), beliefIn(3)]);
    expect(await beliefs([10, 11, 99])).toEqual([beliefIn(0), beliefIn(1)]);
  });

  it('is the same whether it saw the answer token by token or at once', async () => {
    const text = fc.array(fc.nat(3), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, text, async (prediction, answer) => {
        const often = new PredictionDrafter(prediction, 0);
        for (let i = 0; i < answer.length; i++) {
          const asked = draftRequest(answer.slice(0, i), 4, { prefix: answer.slice(i, i + 2) });
          await often.propose(asked);
        }
        const once = new PredictionDrafter(prediction, 0).propose(draftRequest(answer, 4));
        expect(await often.propose(draftRequest(answer, 4))).toEqual(await once);
      }),
      { seed: 1 },
    );
  });
});
