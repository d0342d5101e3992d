import fc from 'fast-check';
import { expect, test } from 'vitest';
import { History } from './history.js';

test('counts are those of the last tokens, after any pushes and rewinds', () => {
  const moves = fc.array(
    fc.oneof(fc.record({ push: fc.nat(3) }), fc.record({ rewind: fc.double({ min: 0, max: 1, noNaN: true }) })),
    { maxLength: 40 },
  );
  const spans = fc.constantFrom(0, 1, 3, 7, Number.POSITIVE_INFINITY);
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 12 }), spans, moves, (prompt, span, steps) => {
      const history = new History(prompt, span);
      const tokens = [...prompt];
      for (const step of steps) {
        if ('push' in step) {
          tokens.push(step.push);
          history.push(step.push);
        } else {
          tokens.length = Math.floor(step.rewind * tokens.length);
          history.rewind(tokens.length);
        }
        const counts = new Map<number, number>();
        for (const token of tokens.slice(Math.max(0, tokens.length - span))) {
          counts.set(token, (counts.get(token) ?? 0) + 1);
        }
        expect(history.tokens).toEqual(tokens);
        expect(new Map([...history.counts].sort())).toEqual(new Map([...counts].sort()));
      }
    }),
  );
});

test('refuses to rewind to a length that it does not have', () => {
  const history = new History([1, 2], 64);
  for (const length of [-1, 3, 0.5, Number.NaN]) expect(() => history.rewind(length)).toThrow(RangeError);
  expect(history.tokens).toEqual([1, 2]);
});
