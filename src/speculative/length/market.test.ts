import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Market, Prospect } from './market.js';

const ROOM = 6;
const chance = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const chances = (maxLength: number) => fc.array(chance, { maxLength });
const markets = fc
  .record({
    speed: fc.double({ min: 0.1, max: 2, noNaN: true }),
    rows: fc.array(fc.double({ min: 0.1, max: 3, noNaN: true }), { minLength: ROOM + 2, maxLength: ROOM + 2 }),
  })
  .map(({ speed, rows }): Market => ({ rule: 'matching', room: ROOM, speed, verify: [0, ...rows] }));

/** Expected accepted tokens less the price of the pass, summed over what may come of it. */
function worthOf({ speed, verify }: Market, probabilities: readonly number[]): number {
  let expected = 0;
  for (let k = 1; k <= probabilities.length; k++) {
    expected += probabilities.slice(0, k).reduce((product, p) => product * p, 1);
  }
  return expected - speed * verify[probabilities.length + 1]!;
}

function prospectOf(market: Market, probabilities: readonly number[]): Prospect {
  const prospect = new Prospect(market);
  for (const probability of probabilities) prospect.add(probability);
  return prospect;
}

describe('Prospect', () => {
  it('is worth what every length of it is worth by itself, and knows the best', () => {
    fc.assert(
      fc.property(markets, chances(ROOM), (market, probabilities) => {
        const prospect = prospectOf(market, probabilities);
        const worths = Array.from({ length: probabilities.length + 1 }, (_, k) =>
          worthOf(market, probabilities.slice(0, k)),
        );
        expect(prospect.length).toBe(probabilities.length);
        expect(prospect.survival).toBeCloseTo(
          probabilities.reduce((product, p) => product * p, 1),
          12,
        );
        for (const [k, worth] of worths.entries()) expect(prospect.worth(k)).toBeCloseTo(worth, 9);
        expect(prospect.worth(prospect.best)).toBeCloseTo(Math.max(...worths), 9);
      }),
      { seed: 1 },
    );
  });

  it('knows what it would be worth with more, as if that were added', () => {
    fc.assert(
      fc.property(markets, chances(3), fc.array(chance, { minLength: 1, maxLength: 3 }), (market, there, more) => {
        const prospect = prospectOf(market, there);
        const worths = more.map((_, i) => worthOf(market, [...there, ...more.slice(0, i + 1)]));
        const { worth, tokens } = prospect.worthWith(more);
        expect(worth).toBeCloseTo(Math.max(...worths), 9);
        expect(worths[tokens - 1]).toBeCloseTo(worth, 9);
        expect(prospect.length).toBe(there.length);
      }),
      { seed: 1 },
    );
  });

  it('is worth nothing to speak of with nothing more', () => {
    const market: Market = { rule: 'matching', room: 1, speed: 1, verify: [0, 1, 2, 3] };
    expect(new Prospect(market).worthWith([])).toEqual({ worth: Number.NEGATIVE_INFINITY, tokens: 0 });
  });
});
