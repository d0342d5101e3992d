import { expect, test } from 'vitest';
import { LogLines } from './log.js';

function heardFrom(...pieces: [level: number, text: string][]): string[] {
  const heard: string[] = [];
  const lines = new LogLines((level, line) => heard.push(`${level}: ${line}`));
  for (const [level, text] of pieces) lines.push(level, text);
  lines.flush();
  return heard;
}

test('whole lines with their levels', () => {
  expect(heardFrom([1, 'a\n'], [2, 'b\n'], [3, 'c\n'], [4, 'd\n'])).toEqual([
    'debug: a',
    'info: b',
    'warn: c',
    'error: d',
  ]);
});

test('pieces that continue a line take its level', () => {
  expect(heardFrom([3, 'loading '], [5, '.'], [5, '.'], [5, ' done\n'])).toEqual(['warn: loading .. done']);
});

test('several lines in one piece, and a rest that goes on', () => {
  expect(heardFrom([2, 'a\nb\nc'], [5, 'd\n'])).toEqual(['info: a', 'info: b', 'info: cd']);
});

test('a line without its end is heard when the next begins, or at the end', () => {
  expect(heardFrom([2, 'first'], [4, 'second'])).toEqual(['info: first', 'error: second']);
});

test('empty lines and spaces at the end are dropped', () => {
  expect(heardFrom([2, '\n'], [2, '  \n'], [2, 'a  \n'])).toEqual(['info: a']);
});

test('levels that it does not know are information', () => {
  expect(heardFrom([0, 'a\n'], [99, 'b\n'])).toEqual(['info: a', 'info: b']);
});
