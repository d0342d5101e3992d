import { expect, test } from 'vitest';
import { Handle } from './handle.js';

function handleWith() {
  const freed: bigint[] = [];
  return { freed, handle: new Handle('the thing', 7n, (pointer) => freed.push(pointer)) };
}

test('closing frees once and refuses afterwards', () => {
  const { freed, handle } = handleWith();
  expect(handle.pointer).toBe(7n);
  handle.close();
  handle.close();
  expect(freed).toEqual([7n]);
  expect(() => handle.pointer).toThrow(/the thing is closed/);
  expect(() => handle.hold()).toThrow(/closed/);
});

test('who holds it keeps it from being freed, not from being closed', () => {
  const { freed, handle } = handleWith();
  const [first, second] = [handle.hold(), handle.hold()];
  handle.close();
  expect(handle.closed).toBe(true);
  expect(() => handle.pointer).toThrow(/closed/);
  first();
  first();
  expect(freed).toEqual([]);
  second();
  expect(freed).toEqual([7n]);
});

test('releasing a hold does not close', () => {
  const { freed, handle } = handleWith();
  handle.hold()();
  expect(handle.closed).toBe(false);
  expect(freed).toEqual([]);
});
