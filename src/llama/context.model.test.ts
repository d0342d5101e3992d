import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context, ContextOptions } from '../engine/backend.js';
import { type LlamaBackend, type LlamaModel, openBackend } from './index.js';
import { append, best, fillRows } from './testing/generate.js';
import { OPTIONS, refusal } from './testing/small-context.js';

let backend: LlamaBackend;
let model: LlamaModel;
let context: Context;

beforeAll(async () => {
  backend = await openBackend();
  model = await backend.loadModel('models/main-q8_0.gguf', { placement: { on: 'cpu' } });
  context = await model.createContext(OPTIONS);
});
afterAll(() => backend.close());

function tokens(text: string): number[] {
  return model.vocabulary.tokenize(text, { addSpecial: true, parseSpecial: true });
}

function clear(): void {
  context.trim(0, 0);
  context.trim(1, 0);
}

describe('decoding', () => {
  test('continues a tale in words', async () => {
    clear();
    let feed = tokens('Once upon a time');
    let text = '';
    for (let position = 0, i = 0; i < 24; i++) {
      const logits = await append(context, 0, position, feed);
      position += feed.length;
      feed = [best(logits)];
      text += Buffer.from(model.vocabulary.bytes(feed[0]!, false)).toString();
    }
    expect(text).toMatch(/^[,\w .'-]+$/);
    expect(text.split(' ').length).toBeGreaterThan(8);
  });

  test('rows of one pass equal the rows of separate passes of the same shape', async () => {
    clear();
    const prompt = tokens('The quick brown fox jumps over the lazy dog');
    fillRows(context, 0, 0, prompt);
    context.rows.output.fill(1, 0, prompt.length);
    expect(await context.decode(prompt.length)).toBe('done');
    const rows = prompt.map((_, i) => context.logits(i).slice());
    for (const wanted of [[0], [1, prompt.length - 1], [prompt.length - 2]]) {
      clear();
      fillRows(context, 0, 0, prompt);
      context.rows.output.fill(0);
      for (const i of wanted) context.rows.output[i] = 1;
      expect(await context.decode(prompt.length)).toBe('done');
      for (const i of wanted) expect(context.logits(i)).toEqual(rows[i]);
    }
  });

  test('logits are views: no copies, made once, writable scratch', async () => {
    clear();
    const prompt = tokens('One two three');
    await append(context, 0, 0, prompt);
    const row = context.logits(prompt.length - 1);
    expect(row).toHaveLength(model.vocabulary.size);
    expect(context.logits(prompt.length - 1)).toBe(row);
    row[0] = 12_345;
    expect(context.logits(prompt.length - 1)[0]).toBe(12_345);
    await append(context, 0, prompt.length, [best(row.subarray(1)) + 1]);
    expect(context.logits(0)).toBe(row);
    expect(row[0]).not.toBe(12_345);
  });

  test('rows that asked for no logits have none', async () => {
    clear();
    const prompt = tokens('One two three');
    await append(context, 0, 0, prompt);
    expect(() => context.logits(0)).toThrow(/row 0 .* no logits/);
    expect(() => context.logits(99)).toThrow(/no logits/);
  });

  test('views follow the buffer when a wider pass moves it', async () => {
    const narrow = await model.createContext(OPTIONS);
    const prompt = tokens('One two three four five six seven');
    await append(narrow, 0, 0, prompt.slice(0, 1));
    const before = narrow.logits(0).slice();
    narrow.trim(0, 0);
    fillRows(narrow, 0, 0, prompt);
    narrow.rows.output.fill(1, 0, prompt.length);
    await narrow.decode(prompt.length);
    // Another kernel runs for a single row, so close and not equal.
    for (const [i, logit] of before.entries()) expect(narrow.logits(0)[i]).toBeCloseTo(logit, 1);
    expect(narrow.logits(prompt.length - 1)).toHaveLength(model.vocabulary.size);
    narrow.close();
  });

  test('sequences do not see each other', async () => {
    clear();
    const [a, b] = [tokens('A cat'), tokens('Twelve green bottles')];
    const alone = await append(context, 0, 0, a);
    clear();
    await append(context, 1, 0, b);
    expect(await append(context, 0, 0, a)).toEqual(alone);
  });
});

describe('the cache', () => {
  test('trimming is exact: evaluated again, rows are equal bit for bit', async () => {
    clear();
    const prompt = tokens('Count: one, two, three, four, five');
    const first = await append(context, 0, 0, prompt);
    for (const keep of [prompt.length - 1, 3, 0]) {
      expect(context.trim(0, keep)).toBe(true);
      // The same rows in one pass as at first, so that the same kernels run.
      context.trim(0, 0);
      expect(await append(context, 0, 0, prompt)).toEqual(first);
    }
    const next = await append(context, 0, prompt.length, [5, 6, 7]);
    context.trim(0, prompt.length);
    expect(await append(context, 0, prompt.length, [5, 6, 7])).toEqual(next);
  });

  test('a copied sequence goes on as the original does', async () => {
    clear();
    const prompt = tokens('Red, green and');
    await append(context, 0, 0, prompt);
    context.copy(0, 1);
    const original = await append(context, 0, prompt.length, [9]);
    expect(await append(context, 1, prompt.length, [9])).toEqual(original);
  });

  test('a full sequence is told, and nothing of the pass is kept', async () => {
    const small = await model.createContext({ ...OPTIONS, tokensPerSequence: 20, sequences: 1 });
    const fill = Array.from({ length: 20 }, (_, i) => 100 + i);
    await append(small, 0, 0, fill.slice(0, 18));
    fillRows(small, 0, 18, [1, 2, 3]);
    expect(await small.decode(3)).toBe('full');
    expect(await append(small, 0, 18, [1, 2])).toHaveLength(model.vocabulary.size);
    small.close();
  });
});

describe('refusals before native code', () => {
  const cases: [string, () => unknown, number, RegExp][] = [
    ['no rows', () => {}, 0, /1 to 64 rows/],
    ['too many rows', () => {}, 65, /1 to 64 rows/],
    ['a fraction of rows', () => {}, 1.5, /1 to 64 rows/],
    ['a token outside', () => fillRows(context, 0, 0, [4096]), 1, /token 4096/],
    ['a negative token', () => fillRows(context, 0, 0, [-1]), 1, /token -1/],
    ['a sequence outside', () => fillRows(context, 2, 0, [1]), 1, /sequence 2/],
    ['a gap', () => fillRows(context, 0, 1, [1]), 1, /position 1 .* expected 0/],
    ['a position twice', () => fillRows(context, 0, 0, [1, 2]).position.fill(0), 2, /position 0/],
  ];
  test.each(cases)('%s', async (_, fill, count, message) => {
    clear();
    fill();
    const error = await refusal(() => context.decode(count));
    expect(error).toMatchObject({ code: 'backend_failed', message: expect.stringMatching(message) });
    expect(await append(context, 0, 0, tokens('still alive'))).toHaveLength(model.vocabulary.size);
  });

  test('more logits than the context has room for', async () => {
    const narrow = await model.createContext({ ...OPTIONS, outputs: 2 });
    fillRows(narrow, 0, 0, [1, 2, 3]);
    narrow.rows.output.fill(1, 0, 3);
    expect(await refusal(() => narrow.decode(3))).toMatchObject({ code: 'backend_failed' });
    narrow.close();
  });

  const optionCases: [string, Partial<ContextOptions>][] = [
    ['no sequences', { sequences: 0 }],
    ['more sequences than llama.cpp has', { sequences: 257 }],
    ['no cells', { tokensPerSequence: 0 }],
    ['two thousand million cells', { tokensPerSequence: 2_000_000_000 }],
    ['no batch', { batch: 0 }],
    ['a micro-batch larger than the batch', { microBatch: 65 }],
    ['no threads', { threads: 0 }],
    ['six hundred threads', { threads: 600 }],
    ['NaN', { threads: Number.NaN }],
  ];
  test.each(optionCases)('a context with %s', async (_, change) => {
    expect(await refusal(() => model.createContext({ ...OPTIONS, ...change }))).toMatchObject({
      code: 'invalid_argument',
    });
  });

  test('trim and copy of what is not there', () => {
    for (const work of [
      () => context.trim(2, 0),
      () => context.trim(0, -1),
      () => context.copy(0, 5),
      () => context.setThreads(0),
    ]) {
      expect(work).toThrow();
    }
  });
});
