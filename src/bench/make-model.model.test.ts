import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LlamaBackend, openBackend } from '../llama/index.js';
import { append } from '../llama/testing/generate.js';
import { makeModel } from './make-model.js';

const SOURCE = 'models/draft-q8_0.gguf';
const SHAPE = { width: 256, layers: 4, feedForward: 512, heads: 8 };

let backend: LlamaBackend;
let folder: string;
beforeAll(async () => {
  backend = await openBackend();
  folder = await mkdtemp(join(tmpdir(), 'outrider-make-'));
});
afterAll(async () => {
  backend.close();
  await rm(folder, { recursive: true });
});

async function made(order: { type?: string; noise?: number; seed?: number; shape?: typeof SHAPE }): Promise<string> {
  const out = join(folder, `${Object.values(order).join('-')}.gguf`);
  await makeModel({ source: SOURCE, out, shape: SHAPE, type: 'q8_0', noise: 0, seed: 1, ...order }, backend);
  return out;
}

async function logitsOf(path: string): Promise<Float32Array> {
  const model = await backend.loadModel(path, { placement: { on: 'cpu' } });
  const small = { tokensPerSequence: 256, sequences: 1, batch: 32, outputs: 1, microBatch: 32, threads: 1 };
  const context = await model.createContext(small);
  const prompt = model.vocabulary.tokenize('Once upon a time there was', { addSpecial: true, parseSpecial: false });
  const logits = await append(context, 0, 0, prompt);
  model.close();
  return logits;
}

/** Root mean square of the differences, in units of the standard deviation of the first. */
function distance(a: Float32Array, b: Float32Array): number {
  const mean = a.reduce((sum, x) => sum + x, 0) / a.length;
  const spread = a.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / spread);
}

describe('a model blown up', () => {
  test.each(['q8_0', 'f16'])('says what the original says, within the noise of %s', async (type) => {
    const path = await made({ type });
    const { metadata } = await backend.readGguf(path);
    expect(metadata.get('llama.embedding_length')).toBe(256);
    expect(metadata.get('llama.block_count')).toBe(4);
    expect(distance(await logitsOf(SOURCE), await logitsOf(path))).toBeLessThan(0.02);
  });

  test('with noise is another model, the same one for the same seed', async () => {
    const original = await logitsOf(SOURCE);
    const noisy = await logitsOf(await made({ noise: 0.5 }));
    expect(distance(original, noisy)).toBeGreaterThan(0.1);
    expect(await logitsOf(await made({ noise: 0.5, seed: 1 }))).toEqual(noisy);
    expect(await logitsOf(await made({ noise: 0.5, seed: 2 }))).not.toEqual(noisy);
  });

  test('cannot be smaller, nor have heads that do not share keys as before', async () => {
    await expect(made({ shape: { ...SHAPE, width: 64 } })).rejects.toThrow('width: expected at least 128, got 64');
    await expect(made({ shape: { ...SHAPE, heads: 7 } })).rejects.toThrow('heads: expected a multiple of 2, got 7');
  });
});
