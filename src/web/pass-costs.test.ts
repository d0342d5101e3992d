import { expect, test } from 'vitest';
import { passMs } from './pass-costs.js';

const costs = {
  points: [
    { rows: 1, ms: 10 },
    { rows: 4, ms: 16 },
    { rows: 8, ms: 40 },
  ],
  depths: [
    { from: 0, factor: 1 },
    { from: 512, factor: 1.5 },
  ],
};

test.each([
  [1, 0, 10],
  [2, 0, 12],
  [4, 511, 16],
  [4, 512, 24],
  [6, 5000, 42],
  [10, 0, 52],
])('a pass of %d rows at depth %d takes %d ms', (rows, depth, ms) => expect(passMs(costs, rows, depth)).toBe(ms));

test('of one point alone nothing else is known', () => {
  expect(passMs({ ...costs, points: [{ rows: 1, ms: 10 }] }, 3, 0)).toBe(10);
});
