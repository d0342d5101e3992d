import { expect, test } from 'vitest';
import { partsOf } from './reasoning.js';

test.each([
  ['Hello', false, { reasoning: '', answer: 'Hello', thinking: false }],
  ['', false, { reasoning: '', answer: '', thinking: false }],
  ['<th', false, { reasoning: '', answer: '', thinking: true }],
  ['<thin ice', false, { reasoning: '', answer: '<thin ice', thinking: false }],
  ['<think>a', false, { reasoning: 'a', answer: '', thinking: true }],
  ['\n<think>\na\n</think>\n\nb', false, { reasoning: 'a', answer: 'b', thinking: false }],
  ['a </think> b', true, { reasoning: 'a', answer: 'b', thinking: false }],
  ['a', true, { reasoning: 'a', answer: '', thinking: true }],
  ['b </think>', false, { reasoning: '', answer: 'b </think>', thinking: false }],
])('%j, opened %j', (text, opened, parts) => {
  expect(partsOf(text, opened)).toEqual(parts);
});
