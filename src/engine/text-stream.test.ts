import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../speculative/index.js';
import { FAKE, FakeVocabulary } from './testing/fake-vocabulary.js';
import { TextStream } from './text-stream.js';

const vocabulary = new FakeVocabulary();
const byte = (value: number): Token => FAKE.firstByte + value;
const tokensOf = (text: string): Token[] => vocabulary.tokenize(text, { addSpecial: false, parseSpecial: false });
const bytesOf = (text: string): Token[] => [...Buffer.from(text)].map(byte);

/** All text that comes out, in pieces, and how it ended. */
function stream(tokens: readonly Token[], stop: readonly string[] = [], banned: readonly string[] = []) {
  const text = new TextStream((token) => vocabulary.bytes(token, false), stop, banned);
  const pieces: string[] = [];
  for (const token of tokens) {
    const step = text.push(token);
    pieces.push(step.text);
    if (step.stopped !== undefined) return { pieces, text: pieces.join(''), stopped: step.stopped };
    if (step.banned !== undefined) return { pieces, text: pieces.join(''), banned: step.banned };
  }
  const last = text.flush();
  pieces.push(last.text);
  return { pieces, text: pieces.join(''), stopped: last.stopped };
}

describe('characters', () => {
  it('come out when they are whole, whatever tokens they are cut into', () => {
    expect(stream(bytesOf('a😀…')).pieces).toEqual(['a', '', '', '', '😀', '', '', '…', '']);
  });

  it('keep their first space', () => {
    expect(stream(tokensOf(' the end')).text).toBe(' the end');
  });

  it.each([
    ['a limit inside of one', bytesOf('a😀').slice(0, 3), 'a\uFFFD'],
    ['stray lead bytes', [0xf0, 0xf0, 0xe2].map(byte), '\uFFFD\uFFFD\uFFFD'],
    ['the rest of one that the prompt began', [byte(0x80)], '\uFFFD'],
    ['one that breaks off', [...bytesOf('😀').slice(0, 3), ...tokensOf('a')], '\uFFFDa'],
    ['tokens without text', [FAKE.user, ...tokensOf('a'), FAKE.end], 'a'],
  ])('that never come: %s', (_, tokens, expected) => {
    expect(stream(tokens).text).toBe(expected);
  });
});

describe('stop strings', () => {
  it('end the text before them; the token that completed them is the last one', () => {
    const tokens = tokensOf('x.y.z');
    expect(stream(tokens, ['y.'])).toMatchObject({ text: 'x.', stopped: { stop: 'y.', tokens: 4 } });
  });

  it('may begin and end inside tokens and characters of several', () => {
    const tokens = [...tokensOf('a the'), ...bytesOf('😀'), ...tokensOf('ing')];
    expect(stream(tokens, ['e😀i'])).toMatchObject({ text: 'a th', stopped: { stop: 'e😀i', tokens: tokens.length } });
  });

  it('are never seen in part: what may be one is held back', () => {
    const { pieces } = stream(tokensOf('abcabd'), ['abd']);
    expect(pieces.join('')).toBe('abc');
    expect(pieces.slice(0, 2)).toEqual(['', '']);
  });

  it('that do not come give back what was held for them', () => {
    expect(stream(tokensOf('text ab'), ['abQ'])).toEqual({
      pieces: expect.anything(),
      text: 'text ab',
      stopped: undefined,
    });
  });

  it('of which an earlier one waits for its end count once that cannot come', () => {
    // "bc" is complete, but "abcd" began before it.
    const tokens = tokensOf('xabc');
    expect(stream(tokens, ['bc', 'abcd'])).toMatchObject({ text: 'xa', stopped: { stop: 'bc', tokens: 4 } });
    expect(stream([...tokens, ...tokensOf('de')], ['bc', 'abcd'])).toMatchObject({
      text: 'x',
      stopped: { stop: 'abcd', tokens: 5 },
    });
    expect(stream([...tokens, ...tokensOf('ee')], ['bc', 'abcd'])).toMatchObject({
      text: 'xa',
      stopped: { stop: 'bc', tokens: 4 },
    });
  });

  it('may hold what a broken character becomes', () => {
    expect(stream([...tokensOf('a'), byte(0xf0)], ['a\uFFFD'])).toMatchObject({ text: '', stopped: { tokens: 2 } });
  });

  it('leave of any text what stands before the first of them, and count the tokens that it took', () => {
    const token = fc.oneof(fc.constantFrom(...tokensOf('abc ü😀.'), ...bytesOf('ü😀')), fc.nat(255).map(byte));
    const stops = fc.array(fc.stringMatching(/^[abcü😀.]{1,3}$/u), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), stops, (tokens, stop) => {
        const textOf = (count: number): string =>
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(
            Buffer.concat(tokens.slice(0, count).map((one) => vocabulary.bytes(one, false))),
          );
        const whole = textOf(tokens.length);
        const begins = stop.map((one) => whole.indexOf(one)).filter((index) => index >= 0);
        const { text, stopped } = stream(tokens, stop);
        expect(text).toBe(begins.length > 0 ? whole.slice(0, Math.min(...begins)) : whole);
        expect(stopped !== undefined).toBe(begins.length > 0);
        if (stopped === undefined) return;
        const end = text.length + stopped.stop.length;
        expect(whole.slice(text.length, end)).toBe(stopped.stop);
        expect(textOf(stopped.tokens).length).toBeGreaterThanOrEqual(end);
        // One token less has not completed it.
        expect(textOf(stopped.tokens - 1).slice(0, end)).not.toBe(whole.slice(0, end));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('banned texts', () => {
  it('are told with the tokens before them, and nothing of them came out', () => {
    expect(stream(tokensOf('ab.Cd.'), [], ['.cD'])).toMatchObject({ text: 'ab', banned: { tokens: 2 } });
    expect(stream(tokensOf('ab.Ce.'), [], ['.cD'])).toMatchObject({ text: 'ab.Ce.', stopped: undefined });
  });

  it('count from the token that completes their first character', () => {
    const [first, second] = [tokensOf('xy '), bytesOf('😀')];
    expect(stream([...first, ...second], [], ['😀'])).toMatchObject({ banned: { tokens: first.length + 3 } });
  });

  it('and stop strings: whichever begins first', () => {
    expect(stream(tokensOf('a.b.c'), ['b'], ['.b'])).toMatchObject({ text: 'a', banned: { tokens: 1 } });
    expect(stream(tokensOf('a.b.c'), ['.b'], ['b'])).toMatchObject({ text: 'a', stopped: { stop: '.b' } });
  });

  it('do not come out at the end of the text either, but their beginnings do', () => {
    expect(stream(tokensOf('a.b'), [], ['.bc'])).toMatchObject({ text: 'a.b' });
  });
});
