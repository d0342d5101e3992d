/** Passes wait for those who come again as soon as their draft is made. */
import { describe, expect, it } from 'vitest';
import type { CachedSequence } from './cached-sequence.js';
import { batcherOf, copyRows, openSequence, someTokens } from './testing/batcher.js';
import { fakeContext } from './testing/fake-backend.js';

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Two answers under way: both had a prompt and a token in a pass, the last one of both together. */
async function twoAnswers() {
  const { context } = await fakeContext();
  const batcher = batcherOf(context);
  const [a, b] = [1, 2].map(() => openSequence(batcher, { promptLength: 3 })) as [CachedSequence, CachedSequence];
  await Promise.all([a, b].map((one) => one.evaluate(someTokens(3), 1, copyRows)));
  await Promise.all([a, b].map((one) => one.evaluate(someTokens(1), 1, copyRows)));
  context.passes.length = 0;
  return { context, batcher, a, b };
}

describe('a pass', () => {
  it('waits for an answer of the last one that is announced', async () => {
    const { context, a, b } = await twoAnswers();
    a.announce();
    const other = b.evaluate(someTokens(1), 1, copyRows);
    await settle();
    expect(context.passes).toEqual([]);
    await Promise.all([a.evaluate(someTokens(4), 4, copyRows), other]);
    expect(context.passes.map(({ rows }) => rows)).toEqual([5]);
  });

  it('does not wait for one that is closed instead', async () => {
    const { context, a, b } = await twoAnswers();
    a.announce();
    const other = b.evaluate(someTokens(1), 1, copyRows);
    await settle();
    a.close();
    await other;
    expect(context.passes.map(({ rows }) => rows)).toEqual([1]);
  });

  it('does not wait for one that says nothing, nor for a first draft, which may have a prompt to read', async () => {
    const { context, batcher, b } = await twoAnswers();
    await b.evaluate(someTokens(1), 1, copyRows);
    const fresh = openSequence(batcher, { promptLength: 3 });
    await Promise.all([fresh.evaluate(someTokens(3), 1, copyRows), b.evaluate(someTokens(1), 1, copyRows)]);
    fresh.announce();
    context.passes.length = 0;
    await b.evaluate(someTokens(1), 1, copyRows);
    expect(context.passes.map(({ rows }) => rows)).toEqual([1]);
  });

  it('does not wait for one that was not in the last pass', async () => {
    const { context, a, b } = await twoAnswers();
    await b.evaluate(someTokens(1), 1, copyRows);
    a.announce();
    await b.evaluate(someTokens(1), 1, copyRows);
    expect(context.passes.map(({ rows }) => rows)).toEqual([1, 1]);
  });

  it('tells each who was in it, and how long it waited', async () => {
    const { a, b } = await twoAnswers();
    await Promise.all([a.evaluate(someTokens(4), 4, copyRows), b.evaluate(someTokens(2), 1, copyRows)]);
    expect(a.lastCompanions).toMatchObject({ requests: 1, rows: 2, promptRows: 0 });
    expect(b.lastCompanions).toMatchObject({ requests: 1, rows: 4, promptRows: 0 });
    expect(b.lastCompanions.waitedMs).toBeGreaterThanOrEqual(0);
  });
});
