import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonLength } from '../speculative/index.js';
import { findRowClass } from './find-row-class.js';
import type { RowClass } from './row-class.js';
import { Slots } from './slots.js';
import { NOTHING, reuseOf } from './slots-reuse.js';
import { batcherOf, copyRows, expectRows, openSequence, sameBits, someTokens } from './testing/batcher.js';
import { FakeModel, fakeContext } from './testing/fake-backend.js';
import { ROUNDING } from './testing/fake-rounding.js';

const cache = { batch: 512, canShift: true };
const free = reuseOf({ kind: 'free' }, cache);
const strict = reuseOf({ kind: 'strict', multiple: 1, sequences: 'together' }, cache);
const text = (tokens: readonly number[], promptLength = tokens.length) =>
  ({ tokens, promptLength, reuse: 'in place' }) as const;
const beginning = (length: number) => ({ ranges: [{ from: 0, length }], length, inPlace: length });

describe('Slots', () => {
  function slotsWith(...kept: readonly (readonly number[])[]): Slots {
    const slots = new Slots(kept.length, free);
    for (const _ of kept) slots.acquire(text([]));
    for (const [id, tokens] of kept.entries()) slots.release(id, text(tokens));
    return slots;
  }

  it('gives the one with the longest common beginning', () => {
    const slots = slotsWith([1, 2, 9], [1, 2, 3, 4], [7]);
    expect(slots.acquire(text([1, 2, 3, 4, 5]))).toEqual({
      ...{ id: 1, reusable: beginning(4), copyOf: undefined, lost: undefined },
    });
  });

  it('gives the least recently used one where none has a common beginning', () => {
    const slots = slotsWith([1, 2], [3, 4], [5, 6]);
    slots.acquire(text([1, 2, 3]));
    slots.release(0, text([1, 2, 3]));
    expect([8, 9, 10].map((token) => slots.acquire(text([token]))?.id)).toEqual([1, 2, 0]);
    expect(slots.acquire(text([1]))).toBeUndefined();
  });

  it('leaves at least one token to be evaluated', () => {
    expect(slotsWith([1, 2, 3]).acquire(text([1, 2, 3]))).toMatchObject({ reusable: beginning(2) });
    expect(slotsWith([1, 2, 3]).acquire(text([1]))).toMatchObject({ reusable: NOTHING });
  });

  it('copies a beginning that two chats share, and takes the only slot there is', () => {
    const system = someTokens(40);
    const [first, second] = [1, 2].map((chat) => [...system, ...someTokens(100, chat)]);
    expect(slotsWith(first!, []).acquire(text(second!))).toMatchObject({
      id: 1,
      reusable: beginning(40),
      copyOf: 0,
      lost: undefined,
    });
    expect(slotsWith(first!).acquire(text(second!))).toMatchObject({
      ...{ id: 0, reusable: beginning(40), copyOf: undefined },
      lost: { tokens: first },
    });
  });

  it('destroys no chat for the sake of a few tokens', () => {
    const chat = [1, ...someTokens(100)];
    expect(slotsWith([], chat).acquire(text([1, 2, 3]))).toMatchObject({ id: 0, reusable: NOTHING, copyOf: undefined });
  });
});

describe('reuse', () => {
  const tokens = someTokens(1000);

  it('is all that texts have in common, whoever wrote it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2)), fc.array(fc.nat(2)), (kept, wanted) => {
        const { length: reused } = free(text(kept, 3), text(wanted));
        expect(reused).toBe(Math.max(0, Math.min(commonLength(kept, wanted), wanted.length - 1)));
        expect(kept.slice(0, reused)).toEqual(wanted.slice(0, reused));
      }),
    );
  });

  it('in strict passes ends at a border of both prompts', () => {
    expect(strict(text(tokens.slice(0, 700)), text(tokens.slice(0, 700))).length).toBe(512);
    expect(strict(text(tokens.slice(0, 700), 300), text(tokens.slice(0, 800))).length).toBe(256);
    expect(strict(text(tokens.slice(0, 513)), text(tokens.slice(0, 512))).length).toBe(256);
    expect(strict(text(tokens.slice(0, 255)), text(tokens)).length).toBe(0);
  });

  it('goes on behind the prompt where the very same prompt was answered', () => {
    expect(strict(text(tokens.slice(0, 700), 300), text(tokens.slice(0, 600), 300)).length).toBe(599);
  });
});

describe('a batcher', () => {
  it('evaluates what a chat that goes on has not seen yet, and no more', async () => {
    const { model, context } = await fakeContext();
    const batcher = batcherOf(context);
    const first = openSequence(batcher, { promptLength: 30 });
    await first.evaluate(someTokens(30), 1, copyRows);
    await first.evaluate(someTokens(8, 3), 8, copyRows);
    first.rewind(35);
    first.close();
    const prompt = [...someTokens(30), ...someTokens(5, 3), ...someTokens(12, 9)];
    const second = batcher.open({ capacity: 1024, promptLength: prompt.length }, prompt);
    expect(second.length).toBe(35);
    expectRows(await second.evaluate(prompt.slice(second.length), 1, copyRows), model, prompt);
    expect(context.passes.at(-1)).toMatchObject({ rows: 12 });
    expect(second.reused).toBe(35);
  });

  it('copies a shared beginning before its owner goes another way', async () => {
    const { model, context } = await fakeContext({ sequences: 2 });
    const batcher = batcherOf(context);
    const system = someTokens(40);
    const texts = [1, 2].map((chat) => [...system, ...someTokens(60, chat)]);
    const first = openSequence(batcher, { promptLength: 100 });
    await first.evaluate(texts[0]!, 1, copyRows);
    first.close();
    const copy = batcher.open({ capacity: 1024, promptLength: 100 }, texts[1]);
    const owner = batcher.open({ capacity: 1024, promptLength: 30 }, someTokens(30));
    expect([copy.length, owner.length]).toEqual([40, 29]);
    const rest = [owner.evaluate(someTokens(1, 5), 1, copyRows), copy.evaluate(texts[1]!.slice(40), 1, copyRows)];
    const [ownersRows, copysRows] = await Promise.all(rest);
    expectRows(copysRows!, model, texts[1]!);
    expectRows(ownersRows!, model, [...someTokens(29), ...someTokens(1, 5)]);
  });

  it('evaluates all again where the cache cannot drop a part, and says so', async () => {
    const { model, context } = await fakeContext({ sequences: 1 }, new FakeModel({ canTrim: false }));
    const batcher = batcherOf(context);
    const first = openSequence(batcher);
    await first.evaluate(someTokens(20), 1, copyRows);
    first.close();
    const prompt = [...someTokens(15), ...someTokens(4, 5)];
    const second = batcher.open({ capacity: 1024, promptLength: prompt.length }, prompt);
    expectRows(await second.evaluate(prompt.slice(15), 1, copyRows), model, prompt);
    expect(second.reused).toBe(0);
  });

  it('drops what a pass wrote for a sequence that was closed meanwhile', async () => {
    const { model, context } = await fakeContext(
      { sequences: 1 },
      new FakeModel({ elsewhere: () => new Promise((resolve) => setImmediate(resolve)) }),
    );
    const batcher = batcherOf(context);
    const first = openSequence(batcher);
    await first.evaluate(someTokens(10), 1, copyRows);
    const during = Promise.allSettled([first.evaluate(someTokens(5, 2), 1, copyRows)]);
    await Promise.resolve();
    first.close();
    const prompt = [...someTokens(10), ...someTokens(5, 4)];
    const second = batcher.open({ capacity: 1024, promptLength: prompt.length }, prompt);
    expect(second.length).toBe(10);
    expectRows(await second.evaluate(prompt.slice(10), 1, copyRows), model, prompt);
    await during;
  });

  it('knows what others put into a pass lately', async () => {
    const { context } = await fakeContext();
    const batcher = batcherOf(context);
    const [a, b] = [openSequence(batcher), openSequence(batcher)];
    expect(batcher.othersOf(a!)).toEqual({ requests: 0, rows: 0 });
    await Promise.all([a!.evaluate(someTokens(3), 3, copyRows), b!.evaluate(someTokens(5), 5, copyRows)]);
    expect([a!, b!].map((one) => batcher.othersOf(one))).toEqual([
      { requests: 1, rows: 5 },
      { requests: 1, rows: 3 },
    ]);
    for (let i = 0; i < 20; i++) await a!.evaluate(someTokens(1), 1, copyRows);
    expect(batcher.othersOf(a!).requests).toBe(0);
    b!.close();
    expect(batcher.othersOf(a!).requests).toBe(0);
    expect(batcher.slots.slice(0, 2)).toEqual([
      { id: 0, state: 'busy', cachedTokens: 23 },
      { id: 1, state: 'idle', cachedTokens: 5 },
    ]);
  });

  it('takes prompts in smaller parts while somebody waits for every pass', async () => {
    const { context } = await fakeContext({ batch: 512 });
    const batcher = batcherOf(context);
    const [writer, one, other] = [0, 1, 2].map(() => openSequence(batcher, { promptLength: 3 }));
    await writer!.evaluate(someTokens(3), 1, copyRows);
    const texts = [one!, other!].map((sequence) => sequence.evaluate(someTokens(300), 1, copyRows));
    for (let round = 0; round < 6; round++) await writer!.evaluate(someTokens(2), 2, copyRows);
    await Promise.all(texts);
    for (const { parts } of context.passes.slice(1, 5)) {
      expect(parts.find(({ sequence }) => sequence === writer!.id)?.rows).toBe(2);
      // 128 of long texts, and perhaps the end of one.
      expect(parts.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(2 + 128 + 64);
    }
  });
});

/** A chat's turns: how many new tokens each brings, and how many the answer has. */
const turns = fc.array(fc.record({ news: fc.integer({ min: 1, max: 300 }), answer: fc.integer({ min: 1, max: 30 }) }), {
  minLength: 1,
  maxLength: 4,
});

describe('strict reuse', () => {
  for (const [name, rounding] of Object.entries({ loneRows: ROUNDING.loneRows, fours: ROUNDING.fours })) {
    it(`gives every row of every turn the bits of a fresh evaluation (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(turns, async (chat) => {
          const warm = await rowsOf(chat, rounding, 'one cache');
          const cold = await rowsOf(chat, rounding, 'a new cache every turn');
          expect(warm.every((row, i) => sameBits(row, cold[i]!))).toBe(true);
        }),
        { seed: 1, numRuns: 25 },
      );
    });
  }

  async function rowsOf(
    chat: readonly { readonly news: number; readonly answer: number }[],
    rounding: (typeof ROUNDING)['fours'],
    caches: 'one cache' | 'a new cache every turn',
  ): Promise<Float32Array[]> {
    const options = { outputs: 64, batch: 512, sequences: 1 };
    const { model, context } = await fakeContext(options, new FakeModel({ rounding }));
    const rowClass: RowClass = await findRowClass(context, model.vocabulary.size);
    let batcher = batcherOf(context, rowClass);
    const written: number[] = [];
    const rows: Float32Array[] = [];
    for (const { news, answer } of chat) {
      written.push(...someTokens(news, written.length));
      const promptLength = written.length;
      const sequence = batcher.open({ capacity: 2000, promptLength }, written);
      rows.push(...(await sequence.evaluate(written.slice(sequence.length), 1, copyRows)));
      for (let i = 0; i < answer; i++) {
        const next = someTokens(1, written.length);
        rows.push(...(await sequence.evaluate(next, 1, copyRows)));
        written.push(...next);
      }
      sequence.close();
      if (caches === 'a new cache every turn') {
        context.trim(0, 0);
        batcher = batcherOf(context, rowClass);
      }
    }
    return rows;
  }
});
