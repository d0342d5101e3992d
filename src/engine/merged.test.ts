import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { merged } from './merged.js';

async function* counting(to: number): AsyncGenerator<number, void, void> {
  for (let value = 0; value < to; value++) {
    await tick();
    yield value;
  }
}

async function* failing(): AsyncGenerator<number, void, void> {
  yield 0;
  throw new Error('broken');
}

test('gives every value with its place, each iteration in order', async () => {
  const values: [number, number][] = [];
  for await (const { index, value } of merged([counting(3), counting(0), counting(2)], new AbortController())) {
    values.push([index, value]);
  }
  expect(values.filter(([index]) => index === 0).map(([, value]) => value)).toEqual([0, 1, 2]);
  expect(values.filter(([index]) => index === 2).map(([, value]) => value)).toEqual([0, 1]);
  expect(values).toHaveLength(5);
});

test('a failure ends all of them, also one that comes while the caller is busy', async () => {
  const abort = new AbortController();
  let ended = false;
  const watched = async function* (): AsyncGenerator<number, void, void> {
    try {
      yield* counting(1000);
    } finally {
      ended = true;
    }
  };
  const read = async () => {
    for await (const _ of merged([failing(), watched()], abort)) await tick();
  };
  await expect(read()).rejects.toThrow('broken');
  expect(abort.signal.aborted).toBe(true);
  expect(ended).toBe(true);
});

test('a caller that stops ends all of them', async () => {
  const abort = new AbortController();
  for await (const _ of merged([counting(1000), counting(1000)], abort)) break;
  expect(abort.signal.aborted).toBe(true);
});
