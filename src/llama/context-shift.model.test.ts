import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../engine/backend.js';
import { type LlamaBackend, type LlamaModel, openBackend } from './index.js';
import { append, best } from './testing/generate.js';
import { OPTIONS } from './testing/small-context.js';

let backend: LlamaBackend;
let model: LlamaModel;
let context: Context;
/** A beginning, a part that is cut out later, and the rest. */
let parts: readonly (readonly number[])[];

beforeAll(async () => {
  backend = await openBackend();
  model = await backend.loadModel('models/main-q8_0.gguf', { placement: { on: 'cpu' } });
  context = await model.createContext(OPTIONS);
  const tokens = (text: string, addSpecial: boolean) =>
    model.vocabulary.tokenize(text, { addSpecial, parseSpecial: false });
  parts = [
    tokens('This is a tale of a small fox who lived at the edge of the wood.', true),
    tokens(' One day a big bird came to the lake and sang a song about the sea and the sun and the far hills.', false),
    tokens(' The fox had a red ball. He liked to play with the red ball every day. He said, "This is my', false),
  ];
});
afterAll(() => backend.close());

async function fill(tokens: readonly number[], sequence = 0): Promise<Float32Array> {
  context.trim(sequence, 0);
  let row = new Float32Array();
  for (let at = 0; at < tokens.length; at += OPTIONS.batch) {
    row = (await append(context, sequence, at, tokens.slice(at, at + OPTIONS.batch))).slice();
  }
  return row;
}

/** The logits behind one more token. */
async function next(sequence: number, position: number, token: number): Promise<Float32Array> {
  return (await append(context, sequence, position, [token])).slice();
}

/** The largest difference of logits. */
function difference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, logit, i) => Math.max(most, Math.abs(logit - b[i]!)), 0);
}

/** What is left when `gone` cells behind the first `from` ones are cut out, and the last token is still to come. */
function without(from: number, gone: number, length: number) {
  return [
    { from: 0, length: from },
    { from: from + gone, length: length - from - gone },
  ];
}

describe('compact', () => {
  test('moves cells up, turned so that distances are right', async () => {
    expect(context.canShift).toBe(true);
    const [head, gone, rest] = parts as [number[], number[], number[]];
    const last = rest.at(-1)!;
    const cut = [...head, ...rest];
    const fresh = await fill(cut);
    const all = [...head, ...gone, ...rest].slice(0, -1);

    await fill(all);
    context.compact(0, without(head.length, gone.length, all.length));
    const once = await next(0, cut.length - 1, last);
    expect(best(once)).toBe(best(fresh));

    // Saved before the pass that turns them, keys stay as they were: why nobody may save there (kernels.md 3).
    await fill(all);
    context.compact(0, without(head.length, gone.length, all.length));
    await context.restore(0, await context.save(0));
    const unturned = await next(0, cut.length - 1, last);
    expect(difference(once, fresh)).toBeLessThan(0.7 * difference(unturned, fresh));

    await fill(all);
    const half = gone.length >> 1;
    context.compact(0, without(head.length, half, all.length));
    context.compact(0, without(head.length, gone.length - half, all.length - half));
    const together = await next(0, cut.length - 1, last);
    expect(together, 'two shifts before a pass are one').toEqual(once);

    await fill(all);
    context.compact(0, without(head.length, half, all.length));
    await next(0, all.length - half, last);
    context.trim(0, all.length - half);
    context.compact(0, without(head.length, gone.length - half, all.length - half));
    const twice = await next(0, cut.length - 1, last);
    // Keys are rounded to 16 bits at every turn, and other cells were free when the last token came: sums have another order.
    expect(difference(twice, once)).toBeLessThan(0.2 * difference(fresh, once));
  });

  test.each(['f16', 'q8_0', 'q4_0'] as const)('turns keys that are kept as %s', async (cacheTypeK) => {
    const [head, gone, rest] = parts as [number[], number[], number[]];
    const all = [...head, ...gone, ...rest];
    const other = await model.createContext({ ...OPTIONS, batch: 128, microBatch: 128, cacheTypeK });
    const fresh = await append(other, 0, 0, [...head, ...rest]);
    other.trim(0, 0);
    await append(other, 0, 0, all.slice(0, -1));
    other.compact(0, without(head.length, gone.length, all.length - 1));
    const shifted = await append(other, 0, all.length - 1 - gone.length, all.slice(-1));
    expect(best(shifted)).toBe(best(fresh));
    other.close();
  });

  test('is a trim where nothing moves, to the bit', async () => {
    const [head, gone, rest] = parts as [number[], number[], number[]];
    const token = rest[0]!;
    await fill([...head, ...gone]);
    context.trim(0, head.length);
    const trimmed = await next(0, head.length, token);
    await fill([...head, ...gone]);
    context.compact(0, [{ from: 0, length: head.length }]);
    expect(await next(0, head.length, token)).toEqual(trimmed);
    context.compact(0, []);
    await append(context, 0, 0, head);
  });

  test('is copied, saved and restored like other cells', async () => {
    const [head, gone, rest] = parts as [number[], number[], number[]];
    const all = [...head, ...gone, ...rest];
    const length = all.length - gone.length;
    const compact = async (sequence: number) => {
      await fill(all, sequence);
      context.compact(sequence, without(head.length, gone.length, all.length));
    };
    await compact(0);
    const row = await next(0, length, rest[0]!);

    // The copy is made, and both are turned, within one pass.
    await compact(0);
    context.copy(0, 1);
    expect(await next(1, length, rest[0]!), 'copied behind the shift').toEqual(row);
    await fill(all, 0);
    context.copy(0, 1);
    context.compact(1, without(head.length, gone.length, all.length));
    expect(await next(1, length, rest[0]!), 'copied before the shift').toEqual(row);
    const original = await fill([...all, rest[0]!], 0);
    await fill(all, 0);
    context.copy(0, 1);
    context.compact(1, without(head.length, gone.length, all.length));
    await next(1, length, rest[0]!);
    expect(best(await next(0, all.length, rest[0]!)), 'the other copy stays').toBe(best(original));

    await compact(0);
    await next(0, length, rest[0]!);
    context.trim(0, length);
    const state = await context.save(0);
    context.trim(0, 0);
    expect(await context.restore(0, state)).toBe(true);
    // Restored cells lie close together: sums have another order.
    expect(difference(await next(0, length, rest[0]!), row)).toBeLessThan(0.3);
  });

  test('leaves the cells of others alone', async () => {
    const [head, gone, rest] = parts as [number[], number[], number[]];
    const all = [...head, ...gone, ...rest];
    await fill(all, 1);
    const alone = await next(1, all.length, head[0]!);
    context.trim(1, all.length);
    await fill(all, 0);
    context.compact(0, without(head.length, gone.length, all.length));
    await next(0, all.length - gone.length, head[0]!);
    expect(await next(1, all.length, head[0]!)).toEqual(alone);
  });

  test('refuses what is no part of a sequence, and leaves that as it is', async () => {
    const [head] = parts as [number[]];
    await fill(head);
    for (const kept of [
      [{ from: 0, length: head.length + 1 }],
      [{ from: 0, length: 0 }],
      [{ from: -1, length: 2 }],
      [
        { from: 3, length: 2 },
        { from: 4, length: 1 },
      ],
      [{ from: 0.5, length: 1 }],
    ]) {
      expect(() => context.compact(0, kept)).toThrow(/cannot keep/);
    }
    expect(() => context.compact(2, [])).toThrow(/sequence 2/);
    await append(context, 0, head.length, [head[0]!]);
  });
});
