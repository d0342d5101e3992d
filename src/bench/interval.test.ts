import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sequentialRandom } from '../speculative/index.js';
import { geometricMean, median, medianInterval, pairedRatios } from './interval.js';

describe('the median', () => {
  test('is the middle value, or between the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('its interval', () => {
  test.each([
    [5, [1, 5]],
    [6, [1, 6]],
    [8, [1, 8]],
    [9, [2, 8]],
    [12, [3, 10]],
    // Tables of order statistics: 20 values, 6th and 15th; 50 values, 18th and 33rd.
    [20, [6, 15]],
    [50, [18, 33]],
  ])('of %i values is that of the tables', (count, expected) => {
    expect(medianInterval(Array.from({ length: count }, (_, i) => i + 1))).toEqual(expected);
  });

  test('holds the median of the values, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1 }), (values) => {
        const [low, high] = medianInterval(values);
        expect(low).toBeLessThanOrEqual(median(values));
        expect(high).toBeGreaterThanOrEqual(median(values));
      }),
    );
  });

  test('holds the true median at least 95 times of 100', () => {
    const random = sequentialRandom(1);
    const trials = 4000;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      // A skewed law whose median is ln 2.
      const [low, high] = medianInterval(Array.from({ length: 11 }, () => -Math.log(1 - random())));
      held += Number(low <= Math.LN2 && Math.LN2 <= high);
    }
    // Its exact coverage is 98.8 %.
    expect(held / trials).toBeGreaterThan(0.98);
    expect(held / trials).toBeLessThan(0.995);
  });
});

test('ratios are paired, and cut to the shorter side', () => {
  expect(pairedRatios([4, 9, 8], [2, 3])).toEqual([2, 3]);
});

test('the geometric mean of a doubling and a halving is one', () => {
  expect(geometricMean([2, 0.5])).toBeCloseTo(1);
});
