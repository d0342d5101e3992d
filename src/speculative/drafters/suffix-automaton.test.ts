import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_MATCH, SuffixAutomaton } from './suffix-automaton.js';

/** The slow and obvious way: every length, every place. */
function longestRepetition(text: readonly number[]): number {
  for (let length = text.length - 1; length > 0; length--) {
    const end = text.slice(-length);
    for (let start = 0; start + length < text.length; start++) {
      if (end.every((token, i) => text[start + i] === token)) return length;
    }
  }
  return 0;
}

function longestEndWithin(text: readonly number[], read: readonly number[]): number {
  for (let length = read.length; length > 0; length--) {
    const end = read.slice(-length);
    for (let start = 0; start + length <= text.length; start++) {
      if (end.every((token, i) => text[start + i] === token)) return length;
    }
  }
  return 0;
}

function automatonOf(text: readonly number[]): SuffixAutomaton {
  const automaton = new SuffixAutomaton();
  for (const token of text) automaton.push(token);
  return automaton;
}

describe('SuffixAutomaton', () => {
  it('finds nothing in a text of different tokens', () => {
    expect(automatonOf([1, 2, 3]).repetition).toBeUndefined();
    expect(automatonOf([]).repetition).toBeUndefined();
  });

  it('finds the latest place', () => {
    expect(automatonOf([1, 2, 3, 9, 1, 2, 4, 9, 1, 2]).repetition).toEqual({ length: 3, next: 6 });
    expect(automatonOf([5, 6, 5, 7, 5]).repetition).toEqual({ length: 1, next: 3 });
  });

  it('finds a text that overlaps with its own end', () => {
    expect(automatonOf([7, 7, 7]).repetition).toEqual({ length: 2, next: 2 });
  });

  it('agrees with the obvious way at every length of every text, at a place that really is the same', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 40 }), (text) => {
        const automaton = new SuffixAutomaton();
        text.forEach((token, i) => {
          automaton.push(token);
          const read = text.slice(0, i + 1);
          const { length, next } = automaton.repetition ?? { length: 0, next: 0 };
          expect(length).toBe(longestRepetition(read));
          if (length > 0) {
            expect(next).toBeLessThanOrEqual(i);
            expect(read.slice(next - length, next)).toEqual(read.slice(-length));
          }
        });
      }),
      { seed: 1 },
    );
  });

  it('finds the longest end of the text and more that stands in the text, which stays as it is', () => {
    const tokens = (maxLength: number) => fc.array(fc.nat(2), { maxLength });
    fc.assert(
      fc.property(tokens(25), tokens(8), tokens(5), (text, more, later) => {
        const automaton = automatonOf(text);
        const { length, next } = automaton.find(more) ?? { length: 0, next: 0 };
        expect(length).toBe(more.length === 0 ? longestRepetition(text) : longestEndWithin(text, [...text, ...more]));
        if (length > 0) expect(text.slice(next - length, next)).toEqual([...text, ...more].slice(-length));
        for (const token of later) automaton.push(token);
        expect(automaton.repetition).toEqual(automatonOf([...text, ...later]).repetition);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('follows another text, with the longest end of it that stands here', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 25 }), fc.array(fc.nat(3), { maxLength: 15 }), (text, other) => {
        const automaton = automatonOf(text);
        let match = NO_MATCH;
        other.forEach((token, i) => {
          match = automaton.follow(match, token);
          const read = other.slice(0, i + 1);
          expect(match.length).toBe(longestEndWithin(text, read));
          expect(text.slice(match.next - match.length, match.next)).toEqual(read.slice(read.length - match.length));
        });
      }),
      { seed: 1 },
    );
  });
});
