import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonLength, type Token } from '../speculative/index.js';
import type { CellRange } from './backend.js';
import { LEAST_RUN, shiftRuns } from './shift-runs.js';

/** Few kinds of tokens, so that there are many partial matches, and sometimes only one. */
const text = (minLength: number, maxLength: number) =>
  fc.integer({ min: 0, max: 3 }).chain((most) => fc.array(fc.nat(most), { minLength, maxLength }));

/** The longest beginning of `pattern` in `text` from `start` on, of equal ones the first, by looking everywhere. */
function longest(pattern: readonly Token[], kept: readonly Token[], start: number): CellRange {
  let best = { from: start, length: 0 };
  for (let from = start; from < kept.length; from++) {
    const length = commonLength(kept.slice(from), pattern);
    if (length > best.length) best = { from, length };
  }
  return best;
}

describe('shiftRuns', () => {
  it('takes the longest of all places each time, and covers the text without a hole', () => {
    const cuts = fc.array(fc.record({ gone: fc.nat(20), kept: fc.integer({ min: LEAST_RUN, max: 80 }) }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(text(0, 300), cuts, text(1, 40), fc.nat(60), (kept, parts, tail, start) => {
        let from = start;
        const rest = parts.flatMap(({ gone, kept: length }) => {
          from += gone + length;
          return kept.slice(from - length, from);
        });
        const wanted = [...kept.slice(0, start), ...rest, ...tail];
        const head = commonLength(kept, wanted);
        const runs = shiftRuns(kept, wanted, head, wanted.length - 1);
        let covered = head;
        let behind = head;
        for (const run of runs) {
          expect(run).toEqual(longest(wanted.slice(covered, -1), kept, behind));
          expect(run.length).toBeGreaterThanOrEqual(LEAST_RUN);
          covered += run.length;
          behind = run.from + run.length;
        }
        expect(covered).toBeLessThan(Math.max(wanted.length, head + 1));
        if (covered < wanted.length) {
          expect(longest(wanted.slice(covered, -1), kept, behind).length).toBeLessThan(LEAST_RUN);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('finds what is left of a chat whose oldest turns are gone', () => {
    const tokens = Array.from({ length: 1000 }, (_, i) => (i * i * 7) % 1009);
    const wanted = [...tokens.slice(0, 50), ...tokens.slice(400), -1, -2];
    expect(shiftRuns(tokens, wanted, 50)).toEqual([{ from: 400, length: 600 }]);
    const twice = [...tokens.slice(0, 50), ...tokens.slice(400, 600), ...tokens.slice(700), -1];
    expect(shiftRuns(tokens, twice, 50)).toEqual([
      { from: 400, length: 200 },
      { from: 700, length: 300 },
    ]);
  });

  it('ends at what is new in the middle, since a cache grows at its end alone', () => {
    const tokens = Array.from({ length: 300 }, (_, i) => (i * i * 7) % 1009);
    expect(shiftRuns(tokens, [...tokens.slice(0, 9), -1, ...tokens.slice(100)], 9)).toEqual([]);
    expect(shiftRuns(tokens, [...tokens.slice(0, 9), ...tokens.slice(50, 90), -1, ...tokens.slice(100)], 9)).toEqual([
      { from: 50, length: 40 },
    ]);
  });

  it('takes long texts of one token, where every place matches', () => {
    const tokens = Array.from({ length: 2 ** 16 }, () => 7);
    expect(shiftRuns([1, ...tokens], [2, ...tokens, 3], 0)).toEqual([]);
    expect(shiftRuns([1, 2, ...tokens, 8], [1, ...tokens, 9], 1)).toEqual([{ from: 2, length: 2 ** 16 }]);
  });
});
