import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth, shortened } from './display-width.js';
import { LineWrapper } from './line-wrapper.js';

function wrapped(width: number, ...texts: readonly string[]): readonly string[] {
  const wrapper = new LineWrapper(width);
  for (const text of texts) wrapper.push(text);
  return wrapper.lines;
}

test('lines break at spaces, within words only where they must, and where the text does', () => {
  expect(wrapped(10, 'the quick brown fox')).toEqual(['the quick', 'brown fox']);
  expect(wrapped(10, 'a', 'b\n\ncd\n')).toEqual(['ab', '', 'cd']);
  expect(wrapped(5, 'incomprehensible')).toEqual(['incom', 'prehe', 'nsibl', 'e']);
  expect(wrapped(5, 'abcde fgh')).toEqual(['abcde', 'fgh']);
});

test('wide characters take two cells, combined ones one', () => {
  expect(displayWidth('漢字')).toBe(4);
  expect(displayWidth('e\u0301é')).toBe(2);
  expect(displayWidth('👨‍👩‍👧')).toBe(2);
  expect(displayWidth('naïve – “ok”')).toBe(12);
  expect(wrapped(5, '漢字漢字')).toEqual(['漢字', '漢字']);
  expect(shortened('漢字漢字', 5)).toBe('漢字…');
  expect(shortened('short', 5)).toBe('short');
});

test('however a text comes, its lines are the same, fit, and keep every character but the spaces they break at', () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', 'é', '漢') }));
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 12 }), (pieces, width) => {
      const lines = wrapped(width, ...pieces);
      const text = pieces.join('');
      expect(lines).toEqual(wrapped(width, text));
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(/[ \n]/g, ''));
    }),
  );
});

test('settled lines never change', () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '漢') }));
  fc.assert(
    fc.property(texts, (pieces) => {
      const wrapper = new LineWrapper(6);
      let before: string[] = [];
      for (const piece of pieces) {
        wrapper.push(piece);
        expect(wrapper.settled.slice(0, before.length)).toEqual(before);
        before = [...wrapper.settled];
      }
    }),
  );
});
