import { expect, it } from 'vitest';
import { SharedPass } from './shared-pass.js';

it('a pass of one request is that request’s own', () => {
  const pass = new SharedPass({ requests: 0, rows: 0 }, 1);
  expect([pass.requests, pass.share, pass.rowsIfAllHave(5), pass.rowsWith(5)]).toEqual([1, 1, 5, 5]);
});

it('has the rows of all where all that may draft take a length, and of one where only that one does', () => {
  const pass = new SharedPass({ requests: 3, rows: 7 }, 4);
  expect([pass.requests, pass.share]).toEqual([4, 1]);
  expect([1, 2, 5].map((rows) => pass.rowsIfAllHave(rows))).toEqual([4, 8, 20]);
  expect(pass.rowsWith(2)).toBe(9);
});

it('divides the time of those that cannot draft among those that may', () => {
  const pass = new SharedPass({ requests: 5, rows: 5 }, 2);
  expect(pass.share).toBe(3);
  expect([1, 2, 5].map((rows) => pass.rowsIfAllHave(rows))).toEqual([6, 8, 14]);
});

it('reckons with no more drafting requests than are in the passes', () => {
  expect(new SharedPass({ requests: 1, rows: 1 }, 9).share).toBe(1);
  expect(new SharedPass({ requests: 1, rows: 1 }, 0).share).toBe(2);
});
