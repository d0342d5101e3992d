import { describe, expect, it } from 'vitest';
import { pairAdvice } from './pair-advice.js';

const model = (sizeBytes: number, architecture = 'llama') => ({ sizeBytes, architecture });

describe('pairAdvice', () => {
  it.each([
    [100, 100, /as large as the target or larger.*cannot save time/],
    [100, 25, /1\/4\.0 of the target's size.*a small gain/],
    [100, 10, /1\/10 of the target's size, as advised/],
    [100, 5, /1\/20 of the target's size, as advised/],
    [1000, 10, /1\/100 of the target's size.*accepted more often/],
  ])('judges sizes %d and %d', (target, draft, words) => {
    expect(pairAdvice(model(target), model(draft))[0]).toMatch(words);
  });

  it('says whether the architectures agree', () => {
    expect(pairAdvice(model(10), model(1))[1]).toBe('Both models are of the architecture llama.');
    expect(pairAdvice(model(10), model(1, 'qwen2'))[1]).toMatch(/llama, the draft model of qwen2: that is no obstacle/);
  });
});
