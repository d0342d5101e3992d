import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Library } from './library.js';
import { NativeChain, type NativeStep } from './native-chain.js';
import { openTestLibrary } from './testing/library.js';

let library: Library;
beforeAll(async () => {
  library = await openTestLibrary();
});
afterAll(() => library.close());

const LOGITS = Float32Array.of(1, 3, 2, -1, 0);

function chainOf(...steps: NativeStep[]): NativeChain {
  return new NativeChain({ functions: library.functions, vocabularySize: LOGITS.length, steps });
}

describe('native chain', () => {
  test('without steps it leaves every token with its softmax probability', () => {
    const chain = chainOf();
    const { ids, probabilities, selected } = chain.apply(LOGITS);
    const total = LOGITS.reduce((sum, logit) => sum + Math.exp(logit), 0);
    expect([...ids]).toEqual([0, 1, 2, 3, 4]);
    for (const [i, id] of ids.entries()) expect(probabilities[i]).toBeCloseTo(Math.exp(LOGITS[id]!) / total, 12);
    expect(selected).toBeUndefined();
    chain.close();
  });

  test('greedy selects the best token', () => {
    const chain = chainOf({ step: 'greedy' });
    expect(chain.apply(LOGITS).selected).toBe(1);
    chain.close();
  });

  test('top-k keeps the best and temperature scales them', () => {
    const chain = chainOf({ step: 'top_k', k: 2 }, { step: 'temp', temperature: 0.5 });
    const { ids, logits } = chain.apply(LOGITS);
    expect([...ids]).toEqual([1, 2]);
    expect([...logits]).toEqual([6, 4]);
    chain.close();
  });

  test('xtc drops the best of those above the threshold', () => {
    const chain = chainOf({ step: 'xtc', probability: 1, threshold: 0.05, minKeep: 1, seed: 1 });
    const { ids } = chain.apply(LOGITS);
    expect([...ids]).not.toContain(1);
    expect(ids.length).toBeGreaterThan(0);
    chain.close();
  });

  test('penalties follow what was accepted, until reset', () => {
    const chain = chainOf({ step: 'penalties', lastN: 64, repeat: 1, frequency: 0.5, presence: 0.25 });
    chain.accept(1);
    chain.accept(1);
    const at = (token: number) => {
      const { ids, logits } = chain.apply(LOGITS);
      return logits[ids.indexOf(token)];
    };
    expect(at(1)).toBeCloseTo(3 - 2 * 0.5 - 0.25, 6);
    expect(at(2)).toBe(2);
    chain.reset();
    expect(at(1)).toBe(3);
    chain.close();
  });

  test('every step can be built and applied', () => {
    const steps: NativeStep[] = [
      { step: 'logit_bias', biases: [{ token: 3, bias: 5 }] },
      { step: 'penalties', lastN: 4, repeat: 1.1, frequency: 0, presence: 0 },
      { step: 'dry', multiplier: 0.8, base: 1.75, allowedLength: 2, lastN: 16, breakers: [] },
      { step: 'top_n_sigma', n: 2 },
      { step: 'top_k', k: 4 },
      { step: 'typical', p: 0.99, minKeep: 1 },
      { step: 'top_p', p: 0.99, minKeep: 1 },
      { step: 'min_p', p: 0.01, minKeep: 1 },
      { step: 'xtc', probability: 0, threshold: 0.1, minKeep: 1, seed: 1 },
      { step: 'temp_ext', temperature: 1, delta: 0.2, exponent: 1 },
      { step: 'dist', seed: 7 },
    ];
    const chain = chainOf(...steps);
    const { ids, probabilities, selected } = chain.apply(LOGITS);
    expect(ids[0]).toBe(3);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect([...ids]).toContain(selected);
    chain.close();
    const mirostat = chainOf({ step: 'mirostat_v2', seed: 3, tau: 5, eta: 0.1 });
    expect(mirostat.apply(LOGITS).selected).toBeDefined();
    mirostat.close();
  });

  test('a closed chain throws, and closing twice is fine', () => {
    const chain = chainOf();
    chain.close();
    chain.close();
    expect(() => chain.apply(LOGITS)).toThrow('closed');
    expect(() => chain.accept(0)).toThrow('closed');
  });
});
