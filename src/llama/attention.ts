import type { ContextOptions, Placement } from '../engine/backend.js';
import { LLAMA_FLASH_ATTN_TYPE } from './abi/v0.5.0/index.js';
import type { GgufFile } from './gguf.js';

/**
 * ggml's fused attention on the processor works through heads smaller than its vectors element by element. With heads of
 * 32 (the embedded draft model, AVX-512, 512 tokens of context) one row costs 2.7 times, four rows 7 times as much as
 * plain attention; with heads of 64 fused attention is the faster one for small passes, and always for prompts.
 */
const SMALLEST_FUSED_HEAD = 64;
/** Plain attention keeps all scores of a pass at once; beyond this many bytes it is not worth its speed. */
const MOST_SCORE_BYTES = 256 * 1024 * 1024;
const BYTES_PER_SCORE = 4;

/** Which attention a context gets: fused where llama.cpp can, except where plain attention is known to be faster. */
export function flashAttentionType(file: GgufFile, options: ContextOptions, placement: Placement): number {
  const { heads, headSize } = attentionShape(file);
  const scoreBytes = heads * options.tokensPerSequence * options.microBatch * BYTES_PER_SCORE;
  const plain = placement.on === 'cpu' && headSize < SMALLEST_FUSED_HEAD && scoreBytes <= MOST_SCORE_BYTES;
  return plain ? LLAMA_FLASH_ATTN_TYPE.DISABLED : LLAMA_FLASH_ATTN_TYPE.AUTO;
}

/** Unknown shapes count as large heads. */
function attentionShape({ metadata }: GgufFile): { heads: number; headSize: number } {
  const read = (key: string) => {
    const value = metadata.get(`${metadata.get('general.architecture')}.${key}`);
    return typeof value === 'number' && value > 0 ? value : undefined;
  };
  const heads = read('attention.head_count');
  const width = read('embedding_length');
  if (heads === undefined || width === undefined) return { heads: 0, headSize: Number.POSITIVE_INFINITY };
  return { heads, headSize: read('attention.key_length') ?? width / heads };
}
