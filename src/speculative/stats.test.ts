import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Origin } from './generate.js';
import { StatisticsCounter } from './stats.js';

/** A round as the counter sees it: `accepted` of `verified` draft tokens, `dropped` others never verified. */
function round(verified: number, accepted: number, dropped = 0) {
  const origin: Origin = verified === 0 ? 'plain' : accepted === verified ? 'bonus' : 'recovered';
  const draft = { tokens: Array(verified).fill(0), confidences: Array(verified).fill(1) };
  return { draft, accepted, dropped, origin };
}

function count(...rounds: ReturnType<typeof round>[]) {
  const counter = new StatisticsCounter();
  for (const each of rounds) counter.add(each);
  return counter.statistics;
}

describe('StatisticsCounter', () => {
  it('knows no rate before there is something to divide by', () => {
    expect(count()).toEqual({
      rounds: 0,
      drafted: 0,
      accepted: 0,
      rejected: 0,
      discarded: 0,
      recovered: 0,
      bonus: 0,
      plain: 0,
      acceptanceRate: null,
      draftEfficiency: null,
      blockEfficiency: null,
      perPosition: [],
    });
  });

  it('counts plain, rejected, dropped and fully accepted rounds', () => {
    expect(count(round(0, 0), round(4, 1), round(2, 2, 3), round(0, 0, 1))).toEqual({
      rounds: 4,
      drafted: 10,
      accepted: 3,
      rejected: 1,
      discarded: 2 + 3 + 1,
      recovered: 1,
      bonus: 1,
      plain: 2,
      acceptanceRate: 3 / 4,
      draftEfficiency: 3 / 10,
      blockEfficiency: 1 + 3 / 4,
      perPosition: [
        { judged: 2, accepted: 2 },
        { judged: 2, accepted: 1 },
      ],
    });
  });

  it('hands out numbers that later rounds do not change', () => {
    const counter = new StatisticsCounter();
    counter.add(round(2, 1));
    const before = counter.statistics;
    const copy = structuredClone(before);
    counter.add(round(2, 2));
    expect(before).toEqual(copy);
  });

  it('keeps its sums for any rounds', () => {
    const rounds = fc
      .tuple(fc.nat(6), fc.nat(6), fc.nat(3))
      .map(([verified, accepted, dropped]) => round(verified, Math.min(verified, accepted), dropped));
    fc.assert(
      fc.property(fc.array(rounds), (all) => {
        const sums = count(...all);
        expect(sums.drafted).toBe(sums.accepted + sums.rejected + sums.discarded);
        expect(sums.rounds).toBe(sums.recovered + sums.bonus + sums.plain);
        expect(sums.rejected).toBe(sums.recovered);
        expect(sums.perPosition.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(sums.accepted);
        expect(sums.perPosition.reduce((sum, { judged }) => sum + judged, 0)).toBe(sums.accepted + sums.rejected);
      }),
      { seed: 1 },
    );
  });
});
