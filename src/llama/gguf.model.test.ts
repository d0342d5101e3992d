import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LlamaBackend, openBackend } from './index.js';
import { append } from './testing/generate.js';

const SOURCE = 'models/draft-f16.gguf';
const CPU = { placement: { on: 'cpu' } } as const;

let backend: LlamaBackend;
let folder: string;
beforeAll(async () => {
  backend = await openBackend();
  folder = await mkdtemp(join(tmpdir(), 'outrider-gguf-'));
});
afterAll(async () => {
  backend.close();
  await rm(folder, { recursive: true });
});

async function logitsOf(path: string): Promise<Float32Array> {
  const model = await backend.loadModel(path, CPU);
  const context = await model.createContext({
    tokensPerSequence: 256,
    sequences: 1,
    batch: 32,
    outputs: 1,
    microBatch: 32,
    threads: 1,
  });
  const logits = await append(
    context,
    0,
    0,
    model.vocabulary.tokenize('Hello', { addSpecial: true, parseSpecial: false }),
  );
  model.close();
  return logits;
}

describe('reading', () => {
  test('the header tells everything that the weights do not', async () => {
    const file = await backend.readGguf(SOURCE);
    expect(file.version).toBe(3);
    expect(file.metadata.get('general.architecture')).toBe('llama');
    expect(file.metadata.get('llama.context_length')).toBe(2048);
    expect(file.metadata.get('tokenizer.ggml.add_bos_token')).toBeTypeOf('boolean');
    expect(file.metadata.get('tokenizer.ggml.tokens')).toEqual({ arrayOf: 'string', length: 4096 });
    const embeddings = file.tensors.find(({ name }) => name === 'token_embd.weight');
    expect(embeddings).toEqual({
      name: 'token_embd.weight',
      type: 'f16',
      shape: [128, 4096, 1, 1],
      bytes: 128 * 4096 * 2,
      offset: expect.any(Number),
    });
    const last = Math.max(...file.tensors.map(({ offset, bytes }) => offset + bytes));
    expect(file.dataOffset + last).toBeLessThanOrEqual((await stat(SOURCE)).size);
  });

  test('metadata as text leaves arrays out', async () => {
    const metadata = await backend.readMetadata(SOURCE);
    expect(metadata.get('llama.context_length')).toBe('2048');
    expect(metadata.has('tokenizer.ggml.tokens')).toBe(false);
  });

  test('arrays, element by element', async () => {
    const tokens = await backend.readGgufArray(SOURCE, 'tokenizer.ggml.tokens');
    expect(tokens).toHaveLength(4096);
    expect(tokens.slice(0, 3)).toEqual(['<unk>', '<s>', '</s>']);
    const types = await backend.readGgufArray(SOURCE, 'tokenizer.ggml.token_type');
    expect(types.slice(0, 3)).toEqual([2, 3, 3]);
    await expect(backend.readGgufArray(SOURCE, 'general.architecture')).rejects.toMatchObject({
      code: 'model_invalid',
    });
  });
});

describe('rewriting', () => {
  test('a copy without changes is the same file', async () => {
    const [copy] = await backend.rewriteGguf(SOURCE, join(folder, 'copy.gguf'));
    expect((await readFile(copy!)).equals(await readFile(SOURCE))).toBe(true);
  });

  test('sets and removes metadata of every kind', async () => {
    const [path] = await backend.rewriteGguf(SOURCE, join(folder, 'changed.gguf'), {
      set: {
        'general.name': { type: 'string', value: 'ÿ 名' },
        'test.flag': { type: 'bool', value: true },
        'test.byte': { type: 'uint8', value: 200 },
        'test.large': { type: 'uint64', value: 2n ** 63n },
        'test.real': { type: 'float64', value: 0.1 },
        'test.texts': { type: 'array', of: 'string', values: ['a', '', 'c'] },
        'test.numbers': { type: 'array', of: 'float32', values: [0.5, -1] },
      },
      remove: ['tokenizer.chat_template'],
    });
    const { metadata, tensors } = await backend.readGguf(path!);
    expect(metadata.get('general.name')).toBe('ÿ 名');
    expect(metadata.get('test.flag')).toBe(true);
    expect(metadata.get('test.byte')).toBe(200);
    expect(metadata.get('test.large')).toBe(2n ** 63n);
    expect(metadata.get('test.real')).toBe(0.1);
    expect(await backend.readGgufArray(path!, 'test.texts')).toEqual(['a', '', 'c']);
    expect(await backend.readGgufArray(path!, 'test.numbers')).toEqual([0.5, -1]);
    expect(metadata.has('tokenizer.chat_template')).toBe(false);
    expect(tensors).toEqual((await backend.readGguf(SOURCE)).tensors);
    const model = await backend.loadModel(path!, CPU);
    expect(model.chatTemplate).toBeUndefined();
    model.close();
  });

  test('other weights: filled row by row, in any type', async () => {
    const [path] = await backend.rewriteGguf(SOURCE, join(folder, 'filled.gguf'), {
      tensors: (source) =>
        source.map((tensor) =>
          tensor.name.includes('ffn_up')
            ? { ...tensor, type: 'q8_0', data: (row, index) => row.fill(index / 1000) }
            : { ...tensor, data: 'copy' },
        ),
    });
    const { tensors } = await backend.readGguf(path!);
    expect(tensors.find(({ name }) => name === 'blk.0.ffn_up.weight')?.type).toBe('q8_0');
    const logits = await logitsOf(path!);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(logits).not.toEqual(await logitsOf(SOURCE));
  });

  test('weights of rows that no block of their type divides are refused', async () => {
    const narrow = { name: 'narrow', type: 'q8_0', shape: [40, 2], data: (row: Float32Array) => row.fill(1) };
    const writing = backend.rewriteGguf(SOURCE, join(folder, 'narrow.gguf'), { tensors: () => [narrow] });
    await expect(writing).rejects.toThrow(/narrow: rows of type q8_0 have a multiple of 32 elements, got 40/);
  });

  test('parts together give the text of the whole', async () => {
    const parts = await backend.rewriteGguf(SOURCE, join(folder, 'parts.gguf'), { parts: 3 });
    expect(parts.map((path) => path.slice(folder.length + 1))).toEqual([
      'parts-00001-of-00003.gguf',
      'parts-00002-of-00003.gguf',
      'parts-00003-of-00003.gguf',
    ]);
    expect(await logitsOf(parts[0]!)).toEqual(await logitsOf(SOURCE));
  });
});

describe('quantising', () => {
  test('writes a smaller model that loads', async () => {
    const out = join(folder, 'q4_0.gguf');
    await backend.quantize(SOURCE, out, { fileType: 'q4_0', threads: 1 });
    expect((await stat(out)).size).toBeLessThan((await stat(SOURCE)).size);
    expect((await logitsOf(out)).every(Number.isFinite)).toBe(true);
  });

  test('a file that is no model is refused in one line', async () => {
    await expect(
      backend.quantize('package.json', join(folder, 'no.gguf'), { fileType: 'q8_0', threads: 1 }),
    ).rejects.toMatchObject({ code: 'model_invalid' });
  });
});
