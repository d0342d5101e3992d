import type { ContextOptions, Placement } from '../engine/backend.js';
import { LLAMA_FLASH_ATTN_TYPE } from './abi/v0.5.0/index.js';
import { attentionShape } from './attention-shape.js';
import { needsFusedAttention } from './cache-types.js';
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

/**
 * Which attention a context gets: fused where llama.cpp can, except where plain attention is known to be faster. Of
 * unknown shapes nothing is known.
 */
export function flashAttentionType(file: GgufFile, options: ContextOptions, placement: Placement): number {
  const { AUTO, DISABLED } = LLAMA_FLASH_ATTN_TYPE;
  const { heads, keySizes } = attentionShape(file);
  const [keySize] = keySizes;
  if (heads === undefined || keySize === undefined || placement.on === 'gpu' || needsFusedAttention(options))
    return AUTO;
  const scoreBytes = heads * options.tokensPerSequence * options.microBatch * BYTES_PER_SCORE;
  return keySize < SMALLEST_FUSED_HEAD && scoreBytes <= MOST_SCORE_BYTES ? DISABLED : AUTO;
}
