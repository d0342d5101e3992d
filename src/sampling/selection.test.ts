import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deviationOf, greatest, selectFrom, selectTop, weighDown } from './selection.js';
import { pairsOf } from './sort.js';

/** Few values, so that many are equal; masks and damage among them. */
const rows = fc
  .array(
    fc.oneof(
      fc.integer({ min: -40, max: 40 }).map((value) => value / 4),
      fc.constantFrom(Number.NEGATIVE_INFINITY, Number.NaN),
    ),
    { minLength: 1, maxLength: 200 },
  )
  .map((values) => Float32Array.from(values));

function ranked(row: Float32Array): { id: number; logit: number }[] {
  return [...row]
    .map((logit, id) => ({ id, logit }))
    .filter(({ logit }) => logit > Number.NEGATIVE_INFINITY)
    .sort((a, b) => b.logit - a.logit || a.id - b.id);
}

describe('selection from a row', () => {
  test('the greatest', () => {
    fc.assert(
      fc.property(rows, (row) => {
        expect(greatest(row)).toBe(ranked(row)[0]?.logit ?? Number.NEGATIVE_INFINITY);
      }),
    );
  });

  test('the top are the first of a sort, the lower id first among equals', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 220 }), (row, count) => {
        const top = pairsOf(count);
        const length = selectTop(row, count, top);
        const expected = ranked(row).slice(0, count);
        expect([...top.ids.subarray(0, length)]).toEqual(expected.map(({ id }) => id));
        expect([...top.keys.subarray(0, length)]).toEqual(expected.map(({ logit }) => logit));
      }),
    );
  });

  test('those from a floor on, in order of id', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(Number.NEGATIVE_INFINITY, -3, 0, 2.25, 11), (row, floor) => {
        const kept = pairsOf(row.length);
        const length = selectFrom(row, floor, kept);
        const expected = ranked(row).filter(({ logit }) => logit >= floor);
        expect([...kept.ids.subarray(0, length)]).toEqual(expected.map(({ id }) => id).sort((a, b) => a - b));
      }),
    );
  });

  test('those from the floor of a mass on have that mass', () => {
    fc.assert(
      fc.property(
        rows,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.constantFrom(0.5, 1, 3),
        (row, mass, divisor) => {
          const logits = ranked(row).map(({ logit }) => logit);
          fc.pre(logits.length > 0);
          const { sum, floor } = weighDown(row, logits[0]!, divisor, mass);
          const weigh = (some: number[]) =>
            some.reduce((total, logit) => total + Math.exp((logit - logits[0]!) / divisor), 0);
          expect(sum).toBeCloseTo(weigh(logits), 9);
          expect(weigh(logits.filter((logit) => logit >= floor))).toBeGreaterThanOrEqual(mass * sum - 1e-9);
        },
      ),
    );
  });

  test('the deviation leaves out what is masked', () => {
    const deviation = deviationOf(Float32Array.of(1, Number.NEGATIVE_INFINITY, 3, 5, 99), 4);
    expect(deviation).toBeCloseTo(Math.sqrt(8 / 3), 12);
  });
});
