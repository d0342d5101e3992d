import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Distribution, drawBy, peakOf, pointMass, probabilityOf, residual } from './distribution.js';

/** Laws over some of the tokens 0..5, in any order. */
const laws = fc
  .uniqueArray(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 1000 })), {
    selector: ([id]) => id,
    minLength: 1,
    maxLength: 6,
  })
  .map((entries): Distribution => {
    const sum = entries.reduce((total, [, weight]) => total + weight, 0);
    return { ids: entries.map(([id]) => id), probabilities: entries.map(([, weight]) => weight / sum) };
  });

const TOKENS = [0, 1, 2, 3, 4, 5];

describe('a law', () => {
  const law = { ids: [4, 1, 2], probabilities: [0.5, 0.2, 0.3] };

  it('gives a listed token its probability and any other 0', () => {
    expect(TOKENS.map((token) => probabilityOf(law, token))).toEqual([0, 0.2, 0.3, 0, 0.5, 0]);
  });

  it('has the largest probability as its peak', () => {
    expect(peakOf(law)).toBe(0.5);
  });

  it('may be typed arrays, as the kernels give them', () => {
    const typed = { ids: Int32Array.of(4, 1), probabilities: Float64Array.of(0.25, 0.75) };
    expect(probabilityOf(typed, 1)).toBe(0.75);
    expect(drawBy(typed, 0.3)).toBe(1);
    expect(residual(typed, pointMass(1)).law).toEqual(pointMass(4));
  });

  it('of one token is certain of it', () => {
    expect(probabilityOf(pointMass(3), 3)).toBe(1);
    expect(drawBy(pointMass(3), 0.999)).toBe(3);
  });
});

describe('drawBy', () => {
  it('gives each token the stretch of [0, 1) that its probability is long, in the order listed', () => {
    const law = { ids: [4, 1, 2], probabilities: [0.5, 0.25, 0.25] };
    expect([0, 0.4999, 0.5, 0.7499, 0.75, 0.9999].map((u) => drawBy(law, u))).toEqual([4, 4, 1, 1, 2, 2]);
  });

  it('gives the last token the sliver that rounding leaves', () => {
    expect(drawBy({ ids: [7, 8], probabilities: [0.5, 0.5 - 1e-12] }, 1 - 2 ** -53)).toBe(8);
  });
});

describe('residual', () => {
  it('is what p has and q has not, and the mass of that', () => {
    const p = { ids: [0, 1, 2], probabilities: [0.5, 0.3, 0.2] };
    const q = { ids: [2, 0], probabilities: [0.4, 0.6] };
    const { law, mass } = residual(p, q);
    expect(mass).toBeCloseTo(0.3, 12);
    expect(law).toEqual({ ids: [1], probabilities: [1] });
  });

  it('scales p, as block verification wants it', () => {
    const p = { ids: [0, 1], probabilities: [0.5, 0.5] };
    const q = { ids: [0, 1], probabilities: [0.1, 0.9] };
    const { law, mass } = residual(p, q, 0.5);
    expect(law.ids).toEqual([0]);
    expect(mass).toBeCloseTo(0.15, 12);
  });

  it('of a law and itself is the law, with no mass', () => {
    const property = fc.property(laws, (p) => {
      expect(residual(p, p)).toEqual({ law: p, mass: 0 });
    });
    fc.assert(property, { seed: 1 });
  });

  it('has the mass TV(p, q) and is p - q where that is positive, whatever is listed in what order', () => {
    fc.assert(
      fc.property(laws, laws, (p, q) => {
        const difference = (token: number) => Math.max(probabilityOf(p, token) - probabilityOf(q, token), 0);
        const distance = TOKENS.reduce((sum, token) => sum + difference(token), 0);
        fc.pre(distance > 1e-9);
        const { law, mass } = residual(p, q);
        expect(mass).toBeCloseTo(distance, 12);
        for (const token of TOKENS) expect(probabilityOf(law, token)).toBeCloseTo(difference(token) / distance, 9);
      }),
      { seed: 1 },
    );
  });
});
