import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveSampling, SamplerChain } from '../sampling/index.js';
import { drawShared, peakOf, positionNoise, probabilityOf } from '../speculative/index.js';
import { draftDrawing } from './draft-drawing.js';

const VOCABULARY = 24;
const logits = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: VOCABULARY, maxLength: VOCABULARY });
const history = fc.array(fc.nat(VOCABULARY - 1), { minLength: 1, maxLength: 12 });
const NOISE = positionNoise(3);

test('where the target takes the likeliest token, so does its draft, and says how sure it is', () => {
  fc.assert(
    fc.property(logits, history, fc.nat(VOCABULARY - 1), (row, tokens, biased) => {
      const sampling = resolveSampling({
        temperature: 0,
        repeatPenalty: 1.3,
        dryMultiplier: 0.8,
        topP: 0.5,
        logitBias: new Map([[biased, 2]]),
      });
      const of = (options: typeof sampling) =>
        new SamplerChain({ options, vocabularySize: VOCABULARY, noise: NOISE, history: tokens });
      const wanted = of(sampling).law(Float32Array.from(row));
      const { sampling: options, noise } = draftDrawing(sampling, 'match', NOISE);
      const q = of(options).law(Float32Array.from(row));
      const drafted = drawShared(q, noise, tokens.length);
      const isTie = q.probabilities[0] === q.probabilities[1];
      if (!isTie) expect(drafted).toBe(wanted.ids[0]);
      expect(probabilityOf(q, drafted)).toBe(peakOf(q));
      expect(peakOf(q)).toBeLessThan(1);
    }),
  );
});

test('a draft that is judged by its law keeps the certain one, and a target that draws is drawn like', () => {
  const greedy = resolveSampling({ temperature: 0 });
  const warm = resolveSampling({ temperature: 0.7, mirostat: 'v2' });
  for (const verification of ['rejection', 'block', 'auto'] as const)
    expect(draftDrawing(greedy, verification, NOISE)).toEqual({ sampling: greedy, noise: NOISE });
  expect(draftDrawing(warm, 'match', NOISE)).toEqual({ sampling: { ...warm, mirostat: 'off' }, noise: NOISE });
});
