import { describe, expect, it } from 'vitest';
import { CostCurve } from './cost-curve.js';

describe('a cost curve', () => {
  it('keeps few points, however many lengths of text a draft model has caught up on', () => {
    const curve = new CostCurve({ points: [1, 8, 32].map((rows) => ({ rows, ms: rows })) });
    for (let rows = 33; rows < 400; rows++) curve.observe(rows, 0, 2 * rows);
    expect(curve.toJSON().points.length).toBeLessThan(12);
    for (const rows of [64, 150, 390]) expect(curve.at(rows, 0) / rows).toBeCloseTo(2, 0);
    expect(curve.at(1, 0)).toBeCloseTo(1, 1);
  });
});
