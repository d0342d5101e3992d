import { describe, expect, test } from 'vitest';
import { SamplerChain } from './chain.js';
import { type PartialSampling, resolveSampling } from './options.js';

/*
 * Each step on a law small enough to do by hand. That whole rows come out as llama.cpp's is the business of
 * oracle.model.test.ts.
 */
const PROBABILITIES = [0.4, 0.3, 0.15, 0.1, 0.05];
const ROW = Float32Array.from(PROBABILITIES, Math.log);
const NOISE = { exponential: () => 1, uniform: () => 0.5 };

function lawOf(given: PartialSampling, row = ROW): Map<number, number> {
  const options = resolveSampling({ temperature: 1, topK: 0, topP: 1, minP: 0, ...given });
  const { ids, probabilities } = new SamplerChain({ options, vocabularySize: row.length, noise: NOISE }).law(row);
  return new Map([...ids].map((id, i) => [id, probabilities[i]!]));
}

/** The surviving tokens in order of id. */
function kept(given: PartialSampling, row = ROW): number[] {
  return [...lawOf(given, row).keys()].sort((a, b) => a - b);
}

describe('each step', () => {
  test('top-p keeps the token at which the mass is reached', () => {
    expect(kept({ topP: 0.69 })).toEqual([0, 1]);
    expect(kept({ topP: 0.71 })).toEqual([0, 1, 2]);
    expect(kept({ topP: 0 })).toEqual([0]);
    expect(kept({ topP: 0.5, minKeep: 4 })).toEqual([0, 1, 2, 3]);
    const law = lawOf({ topP: 0.5 });
    expect(law.get(0)).toBeCloseTo(4 / 7, 6);
  });

  test('min-p compares with the likeliest', () => {
    expect(kept({ minP: 0.3 })).toEqual([0, 1, 2]);
    expect(kept({ minP: 1 })).toEqual([0]);
    expect(kept({ minP: 0.9, minKeep: 2 })).toEqual([0, 1]);
  });

  test('typical prefers surprises near the entropy of 1.39 nats, even over the likeliest token', () => {
    // Distances: 0.48, 0.19, 0.50, 0.91, 1.60.
    expect(kept({ typicalP: 0.25 })).toEqual([1]);
    expect(kept({ typicalP: 0.5 })).toEqual([0, 1]);
    expect(kept({ typicalP: 0.75 })).toEqual([0, 1, 2]);
    expect(kept({ typicalP: 0.25, minKeep: 2 })).toEqual([0, 1]);
  });

  test('top-n-sigma keeps logits near the greatest', () => {
    // The bound is at 6 - n deviations.
    const row = Float32Array.of(6, 4, 4, 2, 0, 2, 4, 2);
    const deviation = Math.sqrt([...row].reduce((sum, logit) => sum + (logit - 3) ** 2, 0) / 8);
    expect(kept({ topNSigma: 1.9 / deviation }, row)).toEqual([0]);
    expect(kept({ topNSigma: 2.1 / deviation }, row)).toEqual([0, 1, 2, 6]);
    expect(kept({ topNSigma: 4.1 / deviation }, row)).toEqual([0, 1, 2, 3, 5, 6, 7]);
  });

  test('XTC leaves the least likely of the top choices', () => {
    expect(kept({ xtcProbability: 0.6, xtcThreshold: 0.12 })).toEqual([2, 3, 4]);
    expect(kept({ xtcProbability: 0.4, xtcThreshold: 0.12 }), 'the coin shows 0.5').toEqual([0, 1, 2, 3, 4]);
    expect(kept({ xtcProbability: 0.6, xtcThreshold: 0.45 }), 'nothing reaches it').toEqual([0, 1, 2, 3, 4]);
    expect(kept({ xtcProbability: 0.6, xtcThreshold: 0.12, minKeep: 4 })).toEqual([0, 1, 2, 3, 4]);
  });

  test('temperature raises probabilities to its inverse', () => {
    const powers = PROBABILITIES.map((p) => p ** 2);
    const sum = powers.reduce((total, power) => total + power, 0);
    for (const [id, probability] of lawOf({ temperature: 0.5 })) expect(probability).toBeCloseTo(powers[id]! / sum, 6);
    expect(kept({ temperature: 1e-300 }), 'does not overflow').toEqual([0]);
  });

  test('dynamic temperature follows the entropy', () => {
    const entropy = PROBABILITIES.reduce((sum, p) => sum - p * Math.log(p), 0) / Math.log(5);
    const degree = 0.6 + 0.8 * entropy ** 2;
    const dynamic = lawOf({ temperature: 1, dynatempRange: 0.4, dynatempExponent: 2 });
    for (const [id, probability] of lawOf({ temperature: degree })) expect(dynamic.get(id)).toBeCloseTo(probability, 6);
  });

  test('dynamic temperature measures against all candidates, the masked ones included', () => {
    const masked = { topNSigma: 0.5, topK: 4, temperature: 1, dynatempRange: 0.9 };
    const law = lawOf(masked);
    expect(law.size).toBe(2);
    const entropy = -(4 / 7) * Math.log(4 / 7) - (3 / 7) * Math.log(3 / 7);
    const degree = 0.1 + 1.8 * (entropy / Math.log(4));
    expect(law.get(0)! / law.get(1)!).toBeCloseTo((4 / 3) ** (1 / degree), 5);
  });

  test('bias is added before anything else', () => {
    const law = lawOf({ logitBias: new Map([[4, Math.log(20)]]), topK: 1 });
    expect([...law]).toEqual([[4, 1]]);
  });
});
