import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StopMatch, StopStrings } from './stop-strings.js';

interface Outcome {
  readonly text: string;
  readonly match: StopMatch | undefined;
  /** What had been given out after each push. */
  readonly seen: readonly string[];
}

function run(stops: readonly string[], pieces: readonly string[]): Outcome {
  const stopStrings = new StopStrings(stops);
  const seen: string[] = [];
  let text = '';
  for (const piece of pieces) {
    const step = stopStrings.push(piece);
    text += step.emit;
    seen.push(text);
    if (step.kind === 'stopped') return { text, match: step.match, seen };
  }
  const last = stopStrings.flush();
  return { text: text + last.emit, match: last.kind === 'stopped' ? last.match : undefined, seen };
}

/** The obvious search: the stop string that begins first, the shorter of two that begin together. */
function search(stops: readonly string[], text: string): StopMatch | undefined {
  return stops
    .map((stop) => ({ stop, begin: text.indexOf(stop), end: text.indexOf(stop) + stop.length }))
    .filter((match) => match.begin >= 0)
    .sort((a, b) => a.begin - b.begin || a.end - b.end)[0];
}

const word = (letters: string, maxLength: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength }).map((characters) => characters.join(''));

describe('StopStrings', () => {
  for (const letters of ['ab', 'aäb', 'a😀😁']) {
    it(`agrees with a plain search over "${letters}", however the text is cut`, () => {
      const stops = fc.array(word(letters, 5), { maxLength: 4 });
      const pieces = fc.array(fc.oneof(fc.constant(''), word(letters, 6)), { maxLength: 12 });
      fc.assert(
        fc.property(stops, pieces, (stops, pieces) => {
          const whole = pieces.join('');
          const expected = search(stops, whole);
          const outcome = run(stops, pieces);
          expect(outcome.match).toEqual(expected);
          expect(outcome.text).toBe(expected === undefined ? whole : whole.slice(0, expected.begin));
          for (const seen of outcome.seen) expect(outcome.text.startsWith(seen)).toBe(true);
        }),
        { numRuns: 2000 },
      );
    });
  }

  it('holds back only what a stop string may begin with', () => {
    const letters = 'ab';
    fc.assert(
      fc.property(fc.array(word(letters, 5), { maxLength: 4 }), fc.array(word(letters, 6)), (stops, pieces) => {
        const { match, seen } = run(stops, pieces);
        fc.pre(match === undefined);
        for (const [index, text] of seen.entries()) {
          const pushed = pieces.slice(0, index + 1).join('');
          const held = pushed.slice(text.length);
          expect(held === '' || stops.some((stop) => stop.startsWith(held))).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('gives out what was held when the stop string never comes', () => {
    const stopStrings = new StopStrings(['the endQZX']);
    expect(stopStrings.push('That is the')).toEqual({ kind: 'open', emit: 'That is ' });
    expect(stopStrings.push(' end')).toEqual({ kind: 'open', emit: '' });
    expect(stopStrings.flush()).toEqual({ kind: 'open', emit: 'the end' });
    expect(stopStrings.flush()).toEqual({ kind: 'open', emit: '' });
  });

  it('says where the stop string ended, counted over all pushes', () => {
    const stopStrings = new StopStrings(['User:']);
    stopStrings.push('Hello.\n');
    stopStrings.push('Us');
    expect(stopStrings.push('er: more')).toEqual({
      kind: 'stopped',
      emit: '',
      match: { stop: 'User:', begin: 7, end: 12 },
    });
  });

  it('waits for a stop string that began earlier, and falls back when that one fails', () => {
    const pieces = ['xa', 'bc', 'd'];
    expect(run(['abcd', 'bc'], pieces)).toMatchObject({ text: 'x', match: { stop: 'abcd', begin: 1, end: 5 } });
    expect(run(['abcX', 'bc'], pieces)).toMatchObject({ text: 'xa', match: { stop: 'bc', begin: 2, end: 4 } });
    expect(run(['abcX', 'bc'], ['xabc'])).toMatchObject({ text: 'xa', match: { stop: 'bc', begin: 2, end: 4 } });
  });

  it('finds the first stop string of a long block', () => {
    expect(run(['5'], ['1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15'])).toMatchObject({
      text: '1, 2, 3, 4, ',
      match: { begin: 12 },
    });
  });

  it('passes everything on without stop strings', () => {
    expect(new StopStrings([]).push('abc')).toEqual({ kind: 'open', emit: 'abc' });
  });

  it('refuses an empty stop string and half a surrogate pair', () => {
    expect(() => new StopStrings(['a', ''])).toThrow(/empty/);
    expect(() => new StopStrings(['\ud83d'])).toThrow(/surrogate/);
  });
});
