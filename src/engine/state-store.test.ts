import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Token } from '../speculative/index.js';
import type { Batcher } from './batcher.js';
import type { RowClass } from './row-class.js';
import { reuseOf } from './slots-reuse.js';
import { StateStore } from './state-store.js';
import { batcherOf, copyRows, expectRows, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';

const reuse = reuseOf({ kind: 'free' }, { batch: 512, canShift: true });
const saved = (tokens: readonly Token[], bytes: number) => ({
  ...{ tokens, promptLength: tokens.length },
  state: { bytes: new Uint8Array(bytes), length: tokens.length },
});
const wanted = (tokens: readonly Token[]) => ({ tokens, promptLength: tokens.length, reuse: 'in place' }) as const;

describe('StateStore', () => {
  it('never holds more bytes than it may, and lets the oldest go first', () => {
    const store = new StateStore(100);
    const owner = {};
    for (const first of [1, 2, 3]) store.put(owner, saved([first, 0, 0, 0], 40));
    expect(store.bytes).toBe(80);
    expect(store.find(owner, wanted([1, 0, 0, 0]), reuse)).toBeUndefined();
    expect(store.find(owner, wanted([2, 0, 0, 0]), reuse)).toMatchObject({ reusable: { length: 3 } });
    store.put(owner, saved([4], 101));
    expect(store.bytes).toBe(80);
  });

  it('gives an owner its own cells only', () => {
    const store = new StateStore(100);
    const owner = {};
    store.put(owner, saved([1, 2, 3], 10));
    expect(store.find({}, wanted([1, 2, 3]), reuse)).toBeUndefined();
    expect(store.find(owner, wanted([1, 2, 3]), reuse)?.reusable.length).toBe(2);
  });

  it('keeps no text beside a longer one that begins with it', () => {
    const store = new StateStore(100);
    const owner = {};
    store.put(owner, saved([1, 2], 10));
    store.put(owner, saved([1, 2, 3], 10));
    expect(store.bytes).toBe(10);
  });

  it('keeps what was used only if much of it was not', () => {
    const store = new StateStore(100);
    const owner = {};
    store.put(owner, saved([1, 2, 3, 4], 10));
    const found = store.find(owner, wanted([1, 9]), reuse)!;
    store.used(found.saved, found.reusable);
    expect(store.bytes).toBe(10);
    store.used(found.saved, reuse(found.saved, wanted([1, 2, 3, 5])));
    expect(store.bytes).toBe(0);
  });
});

describe('a chat whose slot was taken by another', () => {
  async function chat(batcher: Batcher, tokens: readonly Token[]) {
    const sequence = batcher.open({ capacity: 2048, promptLength: tokens.length }, tokens);
    const rows = await sequence.evaluate(tokens.slice(sequence.length), 1, copyRows);
    sequence.close();
    return { rows, reused: sequence.reused };
  }

  it('comes back without being evaluated again', async () => {
    const { model, context } = await fakeContext({ sequences: 1 });
    const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
    const [first, second] = [someTokens(200), someTokens(150, 1)];
    await chat(batcher, first);
    await chat(batcher, second);
    const again = [...first, ...someTokens(10, 5)];
    const { rows, reused } = await chat(batcher, again);
    expect(reused).toBe(200);
    expectRows(rows, model, again);
    expect(context.passes.at(-1)?.rows).toBe(10);
    expect((await chat(batcher, [...second, ...someTokens(3, 7)])).reused).toBe(150);
  });

  it('is evaluated again where its cells are refused', async () => {
    const { model, context } = await fakeContext({ sequences: 1 }, new FakeModel({ canRestore: false }));
    const batcher = batcherOf(context, { kind: 'free' }, new StateStore(2 ** 20));
    const [first, second] = [someTokens(200), someTokens(150, 1)];
    for (const tokens of [first, second]) await chat(batcher, tokens);
    const { rows, reused } = await chat(batcher, first);
    expectRows(rows, model, first);
    expect(reused).toBe(0);
  });

  const classes = fc.constantFrom<RowClass>(
    { kind: 'free' },
    { kind: 'strict', multiple: 4, sequences: 'together' },
    { kind: 'strict', multiple: 1, sequences: 'alone' },
  );
  const step = fc.record({
    chat: fc.nat(3),
    news: fc.integer({ min: 1, max: 120 }),
    cut: fc.nat(40),
    end: fc.constantFrom('evaluate' as const, 'evaluate' as const, 'close at once' as const, 'close during' as const),
  });
  const world = fc.record({
    rowClass: classes,
    limit: fc.constantFrom(0, 3000, 2 ** 20),
    elsewhere: fc.boolean(),
    canRestore: fc.boolean(),
    workers: fc.array(fc.array(step, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 3 }),
  });

  it('says what a fresh evaluation says, whatever others do meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ rowClass, limit, elsewhere, canRestore, workers }) => {
        const model = new FakeModel({ canRestore, elsewhere: () => (elsewhere ? turn() : undefined) });
        const { context } = await fakeContext({ sequences: 3, tokensPerSequence: 4096 }, model);
        const store = new StateStore(limit);
        const batcher = batcherOf(context, rowClass, store);
        const texts = [0, 1, 2, 3].map((i) => someTokens(70 + 20 * i, i % 2));
        const work = async (steps: (typeof workers)[number]): Promise<void> => {
          for (const { chat: i, news, cut, end } of steps) {
            const old = texts[i]!;
            const tokens = [...old.slice(0, Math.max(1, old.length - cut)), ...someTokens(news, old.length)];
            texts[i] = tokens;
            const sequence = batcher.open({ capacity: 4000, promptLength: tokens.length }, tokens);
            expect(sequence.tokens).toEqual(tokens.slice(0, sequence.length));
            if (end !== 'close at once') {
              const evaluated = sequence.evaluate(tokens.slice(sequence.length), 1, copyRows);
              if (end === 'evaluate') expectRows(await evaluated, model, tokens);
              else {
                const settled = Promise.allSettled([evaluated]);
                await turn();
                sequence.close();
                await settled;
              }
            }
            sequence.close();
            expect(store.bytes).toBeLessThanOrEqual(limit);
          }
        };
        await Promise.all(workers.map(work));
        await batcher.idle();
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
