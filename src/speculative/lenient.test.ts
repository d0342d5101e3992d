import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from './distribution.js';
import type { Draft } from './drafter.js';
import { likeliestOf, type TargetDraw, verifyLeniently } from './lenient.js';
import { drawShared, positionNoise } from './random.js';
import type { Row } from './sequence.js';
import { chiSquareDeviate, tally } from './testing/chi-square.js';
import { SoftmaxSampler } from './testing/softmax-sampler.js';
import { verifyByMatch } from './verify.js';

/** Rows whose softmax has these probabilities. */
const rowsOf = (...laws: readonly number[][]): Row[] => laws.map((law) => Float32Array.from(law, Math.log));
const draftOf = (tokens: readonly Token[]): Draft => ({ tokens, confidences: tokens.map(() => 1) });
const judge = (
  laws: readonly number[][],
  tokens: readonly Token[],
  leniency: number,
  draw: TargetDraw = likeliestOf,
) => {
  const sampler = new SoftmaxSampler({ history: [0] });
  return { ...verifyLeniently(rowsOf(...laws), draftOf(tokens), sampler, leniency, draw), history: sampler.history };
};

describe('lenient verification', () => {
  const close = [0.45, 0.4, 0.15];

  it('keeps a token that the target finds nearly as good, and goes on behind it', () => {
    expect(judge([close, [0.9, 0.1]], [1], 0.9)).toMatchObject({ accepted: 1, next: 0, history: [0, 1, 0] });
  });

  it('rejects what the target finds worse, and says its own', () => {
    // exp(-H) is 0.37: at leniency 0.5 a token needs min(.18, .22).
    expect(judge([close, close], [2], 0.5)).toMatchObject({ accepted: 0, next: 0, history: [0, 0] });
    expect(judge([close, close], [2], 0.7)).toMatchObject({ accepted: 1 });
  });

  it('has Medusa’s thresholds at 1: 0.09, or less where the target itself is unsure', () => {
    expect(judge([[0.92, 0.08], close], [1], 1)).toMatchObject({ accepted: 0 });
    expect(judge([[0.9, 0.1], close], [1], 1)).toMatchObject({ accepted: 1 });
    const flat = Array.from({ length: 20 }, () => 0.05);
    // H is 3 nats: 0.3 exp(-3) is 0.015.
    expect(judge([flat, close], [7], 1)).toMatchObject({ accepted: 1 });
  });

  it('never keeps what the law leaves out', () => {
    const sampler = new SoftmaxSampler({ history: [0], topK: 1 });
    const verdict = verifyLeniently(rowsOf([0.51, 0.49], close), draftOf([1]), sampler, 1, likeliestOf);
    expect(verdict).toMatchObject({ accepted: 0, next: 0 });
  });

  it('draws with the noise of the position where it is told so, and with nothing drafted that is all', () => {
    const noise = positionNoise(4);
    const drawn: TargetDraw = (law, position) => drawShared(law, noise, position);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const own = positionNoise(seed);
      const { next } = judge([close], [], 1, (law, position) => drawShared(law, own, position));
      counts.set(String(next), (counts.get(String(next)) ?? 0) + 1);
    }
    const law = new Map(close.map((probability, token) => [String(token), probability]));
    expect(chiSquareDeviate(counts, law)).toBeLessThan(4);
    expect(judge([close], [], 0.5, drawn).next).toBe(judge([close], [], 1, drawn).next);
  });
});

describe('against matching, on the same rows', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 4, maxLength: 4 });
  const law = weights.map((values) => values.map((value) => value / values.reduce((sum, each) => sum + each, 0)));
  const scene = fc.record({
    laws: fc.array(law, { minLength: 6, maxLength: 6 }),
    tokens: fc.array(fc.nat(3), { minLength: 5, maxLength: 5 }),
    seed: fc.nat(1000),
  });
  const leniencies = [1e-6, 0.05, 0.1, 0.2, 0.4, 0.7, 1];

  it('a greater leniency never accepts less, and none less than matching', () => {
    const counts = leniencies.map(() => 0);
    fc.assert(
      fc.property(scene, ({ laws, tokens, seed }) => {
        const noise = positionNoise(seed);
        const draw: TargetDraw = (p, position) => drawShared(p, noise, position);
        let least = verifyByMatch(
          rowsOf(...laws),
          draftOf(tokens),
          new SoftmaxSampler({ history: [0] }),
          noise,
        ).accepted;
        leniencies.forEach((leniency, i) => {
          const { accepted } = judge(laws, tokens, leniency, draw);
          expect(accepted).toBeGreaterThanOrEqual(least);
          least = accepted;
          counts[i]! += accepted;
        });
      }),
      { seed: 1, numRuns: 300 },
    );
    expect(counts.at(-1)).toBeGreaterThan(2 * counts[0]!);
  });

  it('hardly any leniency is matching', () => {
    fc.assert(
      fc.property(scene, ({ laws, tokens, seed }) => {
        const noise = positionNoise(seed);
        const sampler = new SoftmaxSampler({ history: [0] });
        const { accepted, next } = verifyByMatch(rowsOf(...laws), draftOf(tokens), sampler, noise);
        const lenient = judge(laws, tokens, 1e-6, (p, position) => drawShared(p, noise, position));
        expect(lenient).toMatchObject({ accepted, next, history: [...sampler.history] });
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('changes the law: what the draft prefers comes more often', () => {
    const close = [0.45, 0.4, 0.15];
    const texts = Array.from({ length: 2000 }, (_, seed) => {
      const noise = positionNoise(seed);
      const { accepted, next } = judge([close, close], [1], 0.5, (p, position) => drawShared(p, noise, position));
      return accepted > 0 ? 1 : next;
    });
    expect(chiSquareDeviate(tally(texts), new Map(close.map((p, token) => [String(token), p])))).toBeGreaterThan(10);
    expect(new Set(texts)).toEqual(new Set([1]));
  });
});

it('the likeliest of equals has the lowest id, in whatever order they are listed', () => {
  expect(likeliestOf({ ids: [7, 3, 5], probabilities: [0.4, 0.4, 0.2] })).toBe(3);
  expect(likeliestOf({ ids: [5, 3, 7], probabilities: [0.2, 0.3, 0.5] })).toBe(7);
});
