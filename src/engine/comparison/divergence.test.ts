import { expect, test } from 'vitest';
import { divergenceOf, type Written } from './divergence.js';

const written = (...pieces: readonly string[]): Written => ({ text: pieces.join(''), pieces });

test('equal texts do not diverge, however they are cut', () => {
  expect(divergenceOf(written('the', ' same'), written('the sa', 'me'))).toBeNull();
  expect(divergenceOf(written(), written())).toBeNull();
});

test('texts part at a character, within a token of each', () => {
  expect(divergenceOf(written('one', ' two', ' three'), written('one', ' twelve'))).toEqual({
    token: 1,
    character: 6,
    main: ' two',
    draft: ' twelve',
  });
});

test('a text that has ended has written nothing there', () => {
  expect(divergenceOf(written('one', ' two'), written('one'))).toMatchObject({ token: 1, main: ' two', draft: '' });
  expect(divergenceOf(written('one', ' two'), written('one', ''))).toMatchObject({ token: 1, draft: '' });
  expect(divergenceOf(written('one'), written('one', '!'))).toMatchObject({
    token: 1,
    character: 3,
    main: '',
    draft: '!',
  });
});

test('half a character is none: emoji that differ in their second half part before both', () => {
  expect(divergenceOf(written('a', '😀'), written('a', '😁'))).toEqual({
    token: 1,
    character: 1,
    main: '😀',
    draft: '😁',
  });
});

test('a token that completes nothing is not where texts part', () => {
  expect(divergenceOf(written('a', '', 'é'), written('a', '', 'è'))).toMatchObject({ token: 2, main: 'é', draft: 'è' });
});
