/**
 * One exact output: the greedy token ids of one prompt, for anything that moves without a test noticing (tokenizer,
 * template, kernels, sampler). Other kernels change a logit by some hundredths; here every token leads
 * the next best by far more, which the test checks too, so the ids are the same everywhere.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { answer, BY_CONFIDENCE } from './testing/answer.js';
import { loadPair } from './testing/pair.js';

const REQUEST = {
  ...BY_CONFIDENCE,
  prompt: { messages: [{ role: 'user', content: 'Count from 1 to 20.' }] },
  sampling: { temperature: 0 },
};
// biome-ignore format: seventy lines would hide them
const GOLDEN: readonly number[] = [
  4036, 4021, 4006, 4042, 4021, 4006, 4045, 4021, 4006, 4049, 4021, 4006, 4047, 4021, 4006, 4057, 4021, 4006,
  4062, 4021, 4006, 4058, 4021, 4006, 4060, 4021, 4006, 4036, 4044, 4021, 4006, 4036, 4036, 4021, 4006, 4036,
  4042, 4021, 4006, 4036, 4045, 4021, 4006, 4036, 4049, 4021, 4006, 4036, 4047, 4021, 4006, 4036, 4057, 4021,
  4006, 4036, 4062, 4021, 4006, 4036, 4058, 4021, 4006, 4036, 4060, 4021, 4006, 4042, 4044, 6,
];
/**
 * In logits. The largest difference measured between two kernels, in any logit of many rows, is 0.14, so a lead may
 * change by twice that; the narrowest lead of these tokens is 2.2.
 */
const SAFE_LEAD = 1;

let engine: Engine;
beforeAll(async () => {
  engine = await loadPair();
});
afterAll(() => engine.close());

it.each(['speculative', 'main'] as const)('%s: the greedy token ids', async (mode) => {
  const { finish } = await answer(engine, { ...REQUEST, mode });
  expect(finish).toMatchObject({
    tokens: GOLDEN,
    text: '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20',
    reason: 'stop',
  });
});

it('every one of them leads by enough to be the same on any processor', async () => {
  const { contextSize, target } = engine.models;
  const prompt = engine.tokenize(REQUEST.prompt).tokens;
  const sequence = target.batcher.open({ capacity: contextSize, promptLength: prompt.length });
  for (const [i, token] of GOLDEN.entries()) {
    const next = i === 0 ? prompt : [GOLDEN[i - 1]!];
    const lead = await sequence.evaluate(next, 1, ([row]) => {
      const others = row!.map((logit, id) => (id === token ? Number.NEGATIVE_INFINITY : logit));
      return row![token]! - Math.max(...others);
    });
    expect(lead, `token ${i} (${token})`).toBeGreaterThan(SAFE_LEAD);
  }
  sequence.close();
});
