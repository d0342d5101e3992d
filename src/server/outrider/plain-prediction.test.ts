import { expect, test } from 'vitest';
import { predictedPlainMs } from './plain-prediction.js';

const points = [1, 2].map((rows) => ({ rows, ms: 10 * rows }));

test('every token is a pass of one row at its depth', () => {
  const depths = [
    { from: 0, factor: 1 },
    { from: 100, factor: 1.5 },
  ];
  expect(predictedPlainMs({ points, depths }, 98, 4)).toBe(10 + 10 + 15 + 15);
  expect(predictedPlainMs({ points, depths }, 98, 0)).toBe(0);
});

test('what was not measured is not predicted', () => {
  expect(predictedPlainMs({ points: points.slice(1), depths: [] }, 0, 4)).toBeUndefined();
});
