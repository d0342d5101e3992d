/** Keys and values in every type, on heads of 64 (fused attention) and of 32 (plain attention where that is possible). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CACHE_TYPES, type CacheType, type Context, type ContextOptions } from '../engine/backend.js';
import { type LlamaBackend, type LlamaModel, openBackend } from './index.js';
import { append, best } from './testing/generate.js';
import { refusal } from './testing/small-context.js';

const TARGET = 'models/main-q8_0.gguf';
const DRAFT = 'models/draft-q8_0.gguf';
const OPTIONS: ContextOptions = {
  tokensPerSequence: 1024,
  sequences: 2,
  batch: 700,
  outputs: 2,
  microBatch: 700,
  threads: 1,
};
const QUANTISED = CACHE_TYPES.filter((type) => !['f32', 'f16', 'bf16'].includes(type));

let folder: string;
let backend: LlamaBackend;
let models: Record<string, LlamaModel>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-cache-types-'));
  backend = await openBackend();
  const load = (path: string) => backend.loadModel(path, { placement: { on: 'cpu' } });
  models = { [TARGET]: await load(TARGET), [DRAFT]: await load(DRAFT) };
});
afterAll(async () => {
  backend.close();
  await rm(folder, { recursive: true });
});

/** The law of the next token behind a text of 640 tokens and 3 more, in passes of many rows and of one. */
async function lawIn(context: Context, model: LlamaModel): Promise<Float64Array> {
  const text = 'Once upon a time there was a little fox who counted the stars: one, two, three. '.repeat(40);
  const tokens = model.vocabulary.tokenize(text, { addSpecial: true, parseSpecial: false }).slice(0, 643);
  await append(context, 0, 0, tokens.slice(0, 640));
  for (let i = 640; i < 642; i++) await append(context, 0, i, [tokens[i]!]);
  return softmax(await append(context, 0, 642, [tokens[642]!]));
}

function softmax(logits: Float32Array): Float64Array {
  const top = logits[best(logits)]!;
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - top));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Half of the sum of differences: 0 for equal laws, 1 for laws without a common token. */
function distance(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / 2;
}

describe.each([TARGET, DRAFT])('%s', (path) => {
  let usual: Float64Array;
  beforeAll(async () => {
    const model = models[path]!;
    const context = await model.createContext(OPTIONS);
    usual = await lawIn(context, model);
    context.close();
  });

  const pairs: [CacheType, CacheType][] = [
    ...CACHE_TYPES.map((type): [CacheType, CacheType] => [type, type]),
    ['q8_0', 'f16'],
    ['f16', 'q4_0'],
  ];
  test.each(pairs)('keys in %s and values in %s leave the law about what it is', async (cacheTypeK, cacheTypeV) => {
    const model = models[path]!;
    const context = await model.createContext({ ...OPTIONS, cacheTypeK, cacheTypeV });
    const law = await lawIn(context, model);
    expect(distance(law, usual)).toBeLessThan(0.2);
    // Fused attention reads f32 as f16.
    const isQuantised = QUANTISED.includes(cacheTypeK) || QUANTISED.includes(cacheTypeV);
    if (isQuantised) expect(law).not.toEqual(usual);
    context.close();
  });

  test.each(QUANTISED)('cells in %s are saved, restored, trimmed and copied', async (type) => {
    const model = models[path]!;
    const context = await model.createContext({ ...OPTIONS, cacheTypeK: type, cacheTypeV: type });
    const tokens = Array.from({ length: 100 }, (_, i) => 300 + i);
    await append(context, 0, 0, tokens);
    const next = await append(context, 0, 100, [7]);
    context.trim(0, 100);
    const state = await context.save(0);
    expect(await context.restore(1, state)).toBe(true);
    expect(await append(context, 1, 100, [7])).toEqual(next);
    context.trim(1, 100);
    context.copy(1, 0);
    expect(await append(context, 0, 100, [7])).toEqual(next);
    context.close();
  });

  test('the estimate follows the types', async () => {
    const cacheOf = async (types: Partial<ContextOptions>): Promise<number> =>
      (await backend.estimate(path, { on: 'cpu' }, { ...OPTIONS, ...types })).host.cacheBytes;
    const tables = 52 * 2048;
    const halves = (await cacheOf({})) - tables;
    // Of 32 numbers: 64 bytes in f16, 34 in q8_0, 18 in q4_0.
    expect(((await cacheOf({ cacheTypeK: 'q8_0', cacheTypeV: 'q8_0' })) - tables) / halves).toBeCloseTo(34 / 64, 2);
    expect(((await cacheOf({ cacheTypeK: 'f32', cacheTypeV: 'q4_0' })) - tables) / halves).toBeCloseTo(73 / 64, 2);
  });
});

test('a type whose blocks do not fit the heads is refused before native code', async () => {
  const [path] = await backend.rewriteGguf(DRAFT, join(folder, 'narrow.gguf'), {
    set: {
      'llama.attention.head_count': { type: 'uint32', value: 8 },
      'llama.attention.head_count_kv': { type: 'uint32', value: 4 },
      'llama.attention.key_length': { type: 'uint32', value: 16 },
      'llama.attention.value_length': { type: 'uint32', value: 16 },
      'llama.rope.dimension_count': { type: 'uint32', value: 16 },
    },
  });
  const narrow = await backend.loadModel(path!, { placement: { on: 'cpu' } });
  for (const types of [
    { cacheTypeK: 'q8_0' },
    { cacheTypeV: 'q4_0' },
    { cacheTypeK: 'iq4_nl', cacheTypeV: 'iq4_nl' },
  ]) {
    const options = { ...OPTIONS, ...types } as ContextOptions;
    for (const refused of [
      () => narrow.createContext(options),
      () => backend.estimate(path!, { on: 'cpu' }, options),
    ]) {
      expect(await refusal(refused)).toMatchObject({
        code: 'invalid_argument',
        message: expect.stringMatching(/blocks of 32 .* have 16; take f32, f16, bf16/),
      });
    }
  }
  const context = await narrow.createContext({ ...OPTIONS, cacheTypeK: 'bf16', cacheTypeV: 'f32' });
  expect(await append(context, 0, 0, [1, 2, 3])).toHaveLength(narrow.vocabulary.size);
});

test('an unknown type is refused', async () => {
  const options = { ...OPTIONS, cacheTypeV: 'q2_k' } as unknown as ContextOptions;
  expect(await refusal(() => models[DRAFT]!.createContext(options))).toMatchObject({
    code: 'invalid_argument',
    details: { parameter: 'cacheTypeV' },
  });
});
