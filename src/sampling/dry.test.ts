import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Token } from '../speculative/index.js';
import { SamplerChain } from './chain.js';
import { type PartialSampling, resolveSampling } from './options.js';

const VOCABULARY = 6;
const NOISE = { exponential: () => 1, uniform: () => 0 };
const ROW = Float32Array.of(1, 1, 1, 1, 1, 1);

/** How much of its logit each token loses, read off the law of a flat row. */
function losses(history: Token[], dry: PartialSampling, breakers: Token[][] = []): number[] {
  const options = resolveSampling({ temperature: 1, topK: 0, topP: 1, minP: 0, order: ['dry'], ...dry });
  const chain = new SamplerChain({ options, vocabularySize: VOCABULARY, noise: NOISE, history, breakers });
  const { ids, probabilities } = chain.law(ROW);
  const peak = Math.max(...probabilities);
  const lost = new Array<number>(VOCABULARY).fill(Number.NaN);
  for (let i = 0; i < ids.length; i++) lost[ids[i]!] = Math.log(peak / probabilities[i]!);
  return lost;
}

/** The rule by its definition: try every earlier place at which the token stands, and count backwards. */
function lossesByDefinition(
  history: Token[],
  range: number,
  allowed: number,
  multiplier: number,
  base: number,
): number[] {
  const window = history.slice(Math.max(0, history.length - range));
  return Array.from({ length: VOCABULARY }, (_, token) => {
    let longest = -1;
    for (let place = 1; place < window.length; place++) {
      if (window[place] !== token) continue;
      let length = 0;
      while (length < place && window[place - 1 - length] === window[window.length - 1 - length]) length++;
      longest = Math.max(longest, length);
    }
    return window.length > allowed && longest >= allowed ? multiplier * base ** (longest - allowed) : 0;
  });
}

describe('DRY', () => {
  test('is the definition, for any history', () => {
    const histories = fc.array(fc.nat(2), { maxLength: 40 });
    fc.assert(
      fc.property(histories, fc.constantFrom(5, 12, 64), fc.integer({ min: 1, max: 4 }), (history, range, allowed) => {
        const settings = { dryMultiplier: 0.01, dryBase: 1.1, dryAllowedLength: allowed, dryRange: range };
        const lost = losses(history, settings);
        const expected = lossesByDefinition(history, range, allowed, 0.01, 1.1);
        for (let token = 0; token < VOCABULARY; token++) expect(lost[token]).toBeCloseTo(expected[token]!, 5);
      }),
    );
  });

  const settings = { dryMultiplier: 0.5, dryBase: 2, dryAllowedLength: 2 };

  test('punishes what would extend a repetition, more the longer it is', () => {
    expect(losses([0, 1, 2, 3, 0, 1, 2], settings)[3]).toBeCloseTo(0.5 * 2, 6);
    expect(losses([1, 2, 3, 0, 1, 2], settings)[3]).toBeCloseTo(0.5, 6);
    expect(losses([2, 3, 0, 1, 2], settings)[3]).toBeCloseTo(0, 6);
  });

  test('no repetition reaches over a breaker', () => {
    const history = [0, 1, 2, 3, 0, 1, 2];
    expect(losses(history, settings, [[0]])[3]).toBeCloseTo(0.5, 6);
    expect(losses(history, settings, [[1]])[3]).toBeCloseTo(0, 6);
    expect(losses(history, settings, [[0, 1]])[3], 'a breaker of two tokens').toBeCloseTo(0, 6);
    expect(losses(history, settings, [[0, 5]])[3], 'the head alone is none').toBeCloseTo(1, 6);
  });

  test('a token that is a breaker by itself is never punished', () => {
    expect(losses([0, 1, 2, 3, 0, 1, 2], settings, [[3]])[3]).toBeCloseTo(0, 6);
  });

  test('penalties stay finite after long repetitions', () => {
    const lost = losses(new Array<Token>(2000).fill(1), { ...settings, dryRange: 'all', dryMultiplier: 1 });
    expect(lost[0]).toBe(0);
    expect(lost[1], 'its probability is 0, so it is not listed').toBeNaN();
  });
});
