import { describe, expect, it } from 'vitest';
import { verifyByBlock, verifyByRejection } from '../../src/speculative/index.js';
import type { SoftmaxSamplerOptions } from '../../src/speculative/testing/softmax-sampler.js';
import { tabularModel } from '../../src/speculative/testing/tabular-model.js';
import { type CoinRule, roundLaw } from './round-law.js';
import { textLaw, totalVariation, type Writer } from './text-law.js';

const RULES = { rejection: verifyByRejection, block: verifyByBlock };

/** [vocabulary, draft length, sampling of the target, sampling of the draft] */
const CASES: [number, number, SoftmaxSamplerOptions, SoftmaxSamplerOptions][] = [
  [3, 1, {}, {}],
  [4, 1, { penalty: 1 }, { topK: 2 }],
  [3, 2, {}, { temperature: 0.6 }],
  [3, 2, { penalty: 1, topK: 2 }, {}],
  [3, 2, { topK: 1 }, {}],
  [2, 3, { penalty: 1 }, { penalty: 1 }],
  [3, 2, { penalty: 1 }, { topK: 1 }],
];

describe.each(CASES)('%d tokens, a draft of %d, target %j, draft %j', (vocabulary, count, sampling, drafting) => {
  const target: Writer = { model: tabularModel({ vocabulary, seed: 1 }), sampling, prompt: [1, 0] };
  const other: Writer = { ...target, model: tabularModel({ vocabulary, seed: 2 }), sampling: drafting };

  it.each(['rejection', 'block'] as const)('%s keeps the law exactly', async (rule) => {
    const { texts } = await roundLaw(RULES[rule], target, other, count);
    expect(totalVariation(texts, textLaw(target, count + 1))).toBeLessThan(1e-9);
  });

  it.each(['rejection', 'block'] as const)('%s keeps it where the draft has no laws', async (rule) => {
    const lawless: CoinRule = (rows, { tokens, confidences }, sampler, random) =>
      RULES[rule](rows, { tokens, confidences }, sampler, random);
    const { texts } = await roundLaw(lawless, target, other, count);
    expect(totalVariation(texts, textLaw(target, count + 1))).toBeLessThan(1e-9);
  });

  it('block accepts at least as much', async () => {
    const byToken = await roundLaw(verifyByRejection, target, other, count);
    const byBlock = await roundLaw(verifyByBlock, target, other, count);
    expect(byBlock.accepted).toBeGreaterThan(byToken.accepted - 1e-9);
  });

  it.each(['rejection', 'block'] as const)('%s accepts all that the target itself drafts', async (rule) => {
    const { accepted } = await roundLaw(RULES[rule], target, target, count);
    expect(accepted).toBeCloseTo(count, 9);
  });
});
