import { expect, test } from 'vitest';
import type { ContextOptions } from '../engine/backend.js';
import { LLAMA_FLASH_ATTN_TYPE } from './abi/v0.5.0/index.js';
import { flashAttentionType } from './attention.js';
import type { GgufFile, GgufValue } from './gguf.js';

const { AUTO, DISABLED } = LLAMA_FLASH_ATTN_TYPE;
const OPTIONS: ContextOptions = {
  tokensPerSequence: 2048,
  sequences: 1,
  batch: 512,
  outputs: 16,
  microBatch: 512,
  threads: 1,
};

function file(values: Record<string, GgufValue>): GgufFile {
  const metadata = new Map<string, GgufValue>([['general.architecture', 'llama']]);
  for (const [key, value] of Object.entries(values)) metadata.set(`llama.${key}`, value);
  return { path: 'model.gguf', version: 3, metadata, tensors: [], dataOffset: 0, sizeBytes: 0 };
}
const choose = (values: Record<string, GgufValue>, options = OPTIONS, on: 'cpu' | 'gpu' = 'cpu') =>
  flashAttentionType(file(values), options, on === 'cpu' ? { on } : { on, layers: 'all' });

test('small heads on the processor get plain attention', () => {
  expect(choose({ embedding_length: 128, 'attention.head_count': 4 })).toBe(DISABLED);
  expect(choose({ embedding_length: 384, 'attention.head_count': 6 })).toBe(AUTO);
});

test('a head size of its own wins over the quotient', () => {
  expect(choose({ embedding_length: 128, 'attention.head_count': 4, 'attention.key_length': 128 })).toBe(AUTO);
});

test('a GPU keeps its fused attention', () => {
  expect(choose({ embedding_length: 128, 'attention.head_count': 4 }, OPTIONS, 'gpu')).toBe(AUTO);
});

test('quantised values need fused attention, quantised keys do not', () => {
  const small = { embedding_length: 128, 'attention.head_count': 4 };
  expect(choose(small, { ...OPTIONS, cacheTypeV: 'q8_0' })).toBe(AUTO);
  expect(choose(small, { ...OPTIONS, cacheTypeV: 'bf16' })).toBe(DISABLED);
  expect(choose(small, { ...OPTIONS, cacheTypeK: 'q8_0' })).toBe(DISABLED);
});

test('scores that would fill the memory are not kept', () => {
  const long = { ...OPTIONS, tokensPerSequence: 131_072 };
  expect(choose({ embedding_length: 128, 'attention.head_count': 4 }, long)).toBe(AUTO);
});

test('unknown shapes are left to llama.cpp', () => {
  expect(choose({})).toBe(AUTO);
  expect(choose({ embedding_length: 128, 'attention.head_count': { arrayOf: 'int32', length: 8 } })).toBe(AUTO);
});
