import { expect, it } from 'vitest';
import { chiSquareDeviate, tally } from './chi-square.js';

const fair = new Map([
  ['heads', 1 / 2],
  ['tails', 1 / 2],
]);
const tosses = (heads: number, tails: number) =>
  new Map([
    ['heads', heads],
    ['tails', tails],
  ]);

it('gives the normal deviate of the same tail as the chi-square distribution', () => {
  // Statistic 4 with one degree of freedom: p = .0455. Statistic 16: p = 6.3e-5.
  expect(chiSquareDeviate(tosses(60, 40), fair)).toBeCloseTo(1.69, 1);
  expect(chiSquareDeviate(tosses(70, 30), fair)).toBeCloseTo(3.83, 0);
});

it('is low where the counts are what was expected, and grows with the sample where the law is wrong', () => {
  expect(chiSquareDeviate(tosses(50, 50), fair)).toBeLessThan(0);
  expect(chiSquareDeviate(tosses(600, 400), fair)).toBeGreaterThan(4);
});

it('is infinite for what the law rules out', () => {
  expect(chiSquareDeviate(tally(['heads', 'edge']), fair)).toBe(Number.POSITIVE_INFINITY);
});

it('takes rare outcomes together', () => {
  const rare = new Map([
    ...Array.from({ length: 50 }, (_, i) => [`rare ${i}`, 0.002] as const),
    ['often', 0.9] as const,
  ]);
  const counts = new Map([
    ['often', 90],
    ['rare 3', 10],
  ]);
  expect(chiSquareDeviate(counts, rare)).toBeLessThan(1);
});

it('refuses a sample that is too small to say anything', () => {
  expect(() => chiSquareDeviate(tosses(3, 2), fair)).toThrow(RangeError);
});
