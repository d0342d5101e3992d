import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { threadsFor, usableCores } from './threads.js';

const MIB = 2 ** 20;

it('threadsFor gives small models one thread and large ones every core', () => {
  expect(threadsFor(0, 8)).toBe(1);
  expect(threadsFor(0.5 * MIB, 8)).toBe(1);
  expect(threadsFor(4 * MIB, 8)).toBe(1);
  expect(threadsFor(5 * MIB, 8)).toBe(2);
  expect(threadsFor(1000 * MIB, 8)).toBe(8);
});

it('usableCores are some of those that the process may use, and all of a few', () => {
  const logical = availableParallelism();
  expect(usableCores()).toBeLessThanOrEqual(logical);
  expect(usableCores()).toBeGreaterThanOrEqual(logical <= 4 ? logical : Math.ceil(logical / 2));
});
