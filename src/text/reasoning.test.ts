import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opensReasoning, ReasoningSplitter } from './reasoning.js';

/** Reasoning and answer of a text that comes in these pieces. */
function split(pieces: readonly string[], opened = false) {
  const splitter = new ReasoningSplitter(opened);
  const all = [...pieces.flatMap((piece) => splitter.add(piece)), ...splitter.end()];
  const of = (wanted: string) => all.map(({ kind, text }) => (kind === wanted ? text : '')).join('');
  return { reasoning: of('reasoning'), answer: of('answer') };
}

describe('a whole text', () => {
  test.each([
    ['Four.', '', 'Four.'],
    ['<think>Hm.</think>Four.', 'Hm.', 'Four.'],
    ['\n<think>\nHm.\n</think>\n\nFour.', 'Hm.\n', 'Four.'],
    ['<think>\n\n</think>\n\nFour.', '', 'Four.'],
    ['<think>Hm', 'Hm', ''],
    ['<think>a < b </thin', 'a < b </thin', ''],
    ['<thin', '', '<thin'],
    ['  indented', '', '  indented'],
    ['I write <think>tags</think>.', '', 'I write <think>tags</think>.'],
    ['<think>a</think>b <think>c</think>', 'a', 'b <think>c</think>'],
    ['', '', ''],
    [' ', '', ' '],
  ])('%j', (text, reasoning, answer) => expect(split([text])).toEqual({ reasoning, answer }));

  test('that goes on where the prompt opened the reasoning', () => {
    expect(split(['\nHm.</think>Four.'], true)).toEqual({ reasoning: 'Hm.', answer: 'Four.' });
  });
});

test('it makes no difference in which pieces a text comes', () => {
  const words = fc.constantFrom('<think>', '</think>', '<', 'think', '</', '>', ' ', '\n', 'a', 'ü');
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), fc.array(fc.nat(40)), fc.boolean(), (parts, cuts, opened) => {
      const text = parts.join('');
      const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((end, at) => text.slice(places[at], end));
      expect(split(pieces, opened)).toEqual(split([text], opened));
    }),
  );
});

test('what is certain is given at once', () => {
  const splitter = new ReasoningSplitter(false);
  expect(splitter.add('<think>Hm')).toEqual([{ kind: 'reasoning', text: 'Hm' }]);
  expect(splitter.inReasoning).toBe(true);
  expect(splitter.add(' </')).toEqual([{ kind: 'reasoning', text: ' ' }]);
  expect(splitter.add('b')).toEqual([{ kind: 'reasoning', text: '</b' }]);
});

test('a prompt may open the reasoning', () => {
  expect(opensReasoning('<|assistant|><think>\n')).toBe(true);
  expect(opensReasoning('<|assistant|>')).toBe(false);
});
