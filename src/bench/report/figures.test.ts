import { expect, test } from 'vitest';
import { bytes, count, intervalName, parameters, percent, short, span, times } from './figures.js';

test('figures have few digits and their unit', () => {
  expect([times(1.6249), span([0.9, 1.256]), percent(0.896), count(12345)]).toEqual([
    '1.62×',
    '0.90 to 1.26',
    '90 %',
    '12,345',
  ]);
  expect([0.012345, 2.5, 4.561, 1234.5].map(short)).toEqual(['0.0123', '2.50', '4.56', '1,230']);
  expect([parameters(14.2e6), parameters(7.62e9), bytes(15.2 * 2 ** 20), bytes(4.1 * 2 ** 30)]).toEqual([
    '14.2 M',
    '7.6 B',
    '15.2 MiB',
    '4.1 GiB',
  ]);
});

test('what there is not is a dash', () => {
  expect([times(undefined), percent(null), percent(Number.NaN), short(Number.POSITIVE_INFINITY)]).toEqual(
    Array(4).fill('–'),
  );
});

test('an interval is called 95 % only where the repetitions allow it', () => {
  expect(intervalName(5)).toBe('range of 5 repetitions');
  expect(intervalName(6)).toBe('95 % interval');
});
