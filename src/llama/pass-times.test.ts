import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PassTimes } from './pass-times.js';

test('nothing is known before the first pass of that many rows', () => {
  const times = new PassTimes();
  times.observe(1, 5);
  expect(times.predict(1)).toBe(5);
  expect(times.predict(2)).toBeUndefined();
});

test('large passes share an average by powers of two', () => {
  const times = new PassTimes();
  times.observe(300, 80);
  expect(times.predict(512)).toBe(80);
  expect(times.predict(513)).toBeUndefined();
  expect(times.predict(256)).toBeUndefined();
});

test('the prediction stays within what was observed and follows a change', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4096 }),
      fc.array(fc.double({ min: 0, max: 1e3, noNaN: true }), { minLength: 1 }),
      (rows, observed) => {
        const times = new PassTimes();
        for (const ms of observed) times.observe(rows, ms);
        expect(times.predict(rows)).toBeGreaterThanOrEqual(Math.min(...observed) - 1e-9);
        expect(times.predict(rows)).toBeLessThanOrEqual(Math.max(...observed) + 1e-9);
        for (let i = 0; i < 100; i++) times.observe(rows, 1);
        expect(times.predict(rows)).toBeCloseTo(1, 5);
      },
    ),
  );
});
