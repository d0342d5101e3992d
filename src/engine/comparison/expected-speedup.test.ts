import fc from 'fast-check';
import { expect, test } from 'vitest';
import { draftingCosts, expectedSpeedup } from './expected-speedup.js';

const constant = Array<number>(17).fill(10);
const costs = (verify: readonly number[], forward: number) => ({ verify, forward });

test('certain acceptance and rows that cost nothing: as many tokens a pass as there are rows, less the drafting', () => {
  expect(expectedSpeedup(1, costs(constant, 0))).toEqual({ speedup: 17, length: 16 });
  expect(expectedSpeedup(1, costs(constant, 10)).speedup).toBeCloseTo(17 / 17, 10);
});

test('nothing accepted, or rows as dear as passes: plain decoding', () => {
  expect(expectedSpeedup(0, costs(constant, 1))).toEqual({ speedup: 1, length: 0 });
  const dear = Array.from(constant, (_, i) => 10 * (i + 1));
  expect(expectedSpeedup(0.9, costs(dear, 1))).toEqual({ speedup: 1, length: 0 });
  expect(expectedSpeedup(0.9, costs([10], 1))).toEqual({ speedup: 1, length: 0 });
});

test('half accepted, flat costs, a draft of a tenth: worked out by hand', () => {
  const { speedup, length } = expectedSpeedup(0.5, costs(constant, 1));
  // 1.875 tokens in 13 ms against 1 in 10; 1.75 in 12 and 1.9375 in 14 are less.
  expect(length).toBe(2);
  expect(speedup).toBeCloseTo(1.75 / 1.2, 10);
});

test('more acceptance never gains less', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(share, share, fc.double({ min: 0.1, max: 10, noNaN: true }), (a, b, draftMs) => {
      const linear = costs(
        Array.from({ length: 17 }, (_, i) => 10 + i),
        draftMs,
      );
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(expectedSpeedup(high, linear).speedup).toBeGreaterThanOrEqual(expectedSpeedup(low, linear).speedup);
    }),
  );
});

test('costs are read off the measured points, at the depth that is asked for', () => {
  const points = [
    { rows: 1, ms: 10 },
    { rows: 5, ms: 14 },
  ];
  const depths = [
    { from: 0, factor: 1 },
    { from: 512, factor: 2 },
  ];
  const known = { target: { points, depths }, drafts: { small: { points: [{ rows: 1, ms: 1 }], depths } } };
  expect(draftingCosts(known, 'small', 0)).toMatchObject({ verify: expect.arrayContaining([10, 11, 12]), forward: 1 });
  expect(draftingCosts(known, 'small', 600)).toMatchObject({
    verify: expect.arrayContaining([20, 22, 24]),
    forward: 2,
  });
  expect(draftingCosts(known, 'nobody', 0)).toBeUndefined();
});
