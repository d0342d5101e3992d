import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isotonic, type Observation } from './isotonic.js';

const observation = fc.record({ x: fc.integer({ min: 0, max: 12 }), y: fc.constantFrom(0, 1) });

function errorOf(observations: readonly Observation[], curve: (x: number) => number): number {
  return observations.reduce((sum, { x, y }) => sum + (y - curve(x)) ** 2, 0);
}

describe('isotonic regression', () => {
  test('keeps what ascends and pools what does not', () => {
    const curve = isotonic([
      { x: 0.1, y: 0 },
      { x: 0.2, y: 1 },
      { x: 0.3, y: 0 },
      { x: 0.3, y: 0 },
      { x: 0.9, y: 1 },
    ]);
    expect([0, 0.1, 0.2, 0.25, 0.3, 0.5, 0.9, 1].map(curve)).toEqual([0, 0, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1, 1]);
  });

  test('of nothing is zero', () => expect(isotonic([])(0.5)).toBe(0));

  test('ascends, keeps the mean, and no other ascending step function is nearer', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 40 }), (observations) => {
        const curve = isotonic(observations);
        const values = Array.from({ length: 13 }, (_, x) => curve(x));
        values.slice(1).forEach((value, i) => {
          expect(value).toBeGreaterThanOrEqual(values[i]! - 1e-12);
        });
        const mean = (of: (one: Observation) => number): number =>
          observations.reduce((sum, one) => sum + of(one), 0) / observations.length;
        expect(mean(({ x }) => curve(x))).toBeCloseTo(mean(({ y }) => y));
        // The minimax formula of isotonic regression, evaluated as it stands.
        const exact = (x: number): number => {
          const meanOf = (from: number, to: number): number => {
            const inside = observations.filter((one) => one.x >= from && one.x <= to);
            return inside.reduce((sum, one) => sum + one.y, 0) / inside.length;
          };
          const xs = [...new Set(observations.map((one) => one.x))];
          const below = xs.filter((other) => other <= x);
          const above = xs.filter((other) => other >= x);
          return Math.max(...below.map((from) => Math.min(...above.map((to) => meanOf(from, to)))));
        };
        expect(errorOf(observations, curve)).toBeCloseTo(errorOf(observations, exact));
        for (const { x } of observations) expect(curve(x)).toBeCloseTo(exact(x));
      }),
    );
  });
});
