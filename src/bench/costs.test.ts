import { describe, expect, test } from 'vitest';
import { CostCurve } from '../speculative/index.js';
import { asNoise, correctedCurve, costTables, traceCosts } from './costs.js';

function rounds(rows: number, verifyMs: number, count: number, index = 1) {
  const draft = { tokens: Array(rows - 1).fill(0), confidences: Array(rows - 1).fill(0.5) };
  const round = { index, draft, accepted: 0, dropped: 0, origin: 'recovered' as const, draftMs: 0, verifyMs };
  return Array.from({ length: count }, () => round);
}

const CURVE = new CostCurve({
  points: [
    { rows: 1, ms: 1 },
    { rows: 2, ms: 1.5 },
    { rows: 4, ms: 2 },
    { rows: 17, ms: 8 },
  ],
  levels: [1, 2],
});

describe('the target’s curve', () => {
  test('is that of the rounds, and at their level where there are too few', () => {
    const corrected = correctedCurve(CURVE, [...rounds(1, 2, 20), ...rounds(4, 4.4, 20), ...rounds(2, 9, 3)]);
    expect(corrected.at(1, 0)).toBeCloseTo(2);
    expect(corrected.at(4, 0)).toBeCloseTo(4.4);
    expect(corrected.at(2, 0)).toBeCloseTo(1.5 * 2.1);
    expect(corrected.at(1, 600)).toBeCloseTo(4);
  });

  test('is not made of prompts, and stays as it is without rounds', () => {
    const corrected = correctedCurve(CURVE, rounds(1, 100, 20, 0));
    expect(corrected.toJSON()).toEqual(CURVE.toJSON());
    expect(corrected).not.toBe(CURVE);
  });
});

test('a draft costs the same where its tokens are noise, and a lookup nothing', () => {
  const costs = { target: CURVE, drafts: new Map([['tiny', new CostCurve({ points: [{ rows: 1, ms: 0.2 }] })]]) };
  const { draft, target } = traceCosts(costs);
  expect([draft('tiny', 0), draft(asNoise('tiny'), 0), draft('lookup', 0)]).toEqual([0.2, 0.2, 0]);
  expect(target(4, 0)).toBe(2);
  const tables = costTables(costs);
  expect(tables.target.map(({ rows }) => rows)).toEqual(Array.from({ length: 17 }, (_, i) => i + 1));
  expect(tables.drafts.tiny?.[0]).toEqual({ rows: 1, ms: 0.2 });
});
