import { expect, it } from 'vitest';
import { strftime } from './strftime.js';

it.each([
  ['%Y-%m-%d', '2026-03-05'],
  ['%d %b %Y, %A %-d %B', '05 Mar 2026, Thursday 5 March'],
  ['%a %e %y', 'Thu  5 26'],
  ['%H:%M:%S %I %p', '15:04:09 03 PM'],
  ['%-I%p', '3PM'],
  ['100%% %Q', '100% %Q'],
])('strftime writes %s as %s', (format, expected) => {
  expect(strftime(new Date(2026, 2, 5, 15, 4, 9), format)).toBe(expected);
});

it('strftime knows midnight as 12 AM', () => {
  expect(strftime(new Date(2026, 2, 5, 0, 0), '%I %p')).toBe('12 AM');
});
