import { CACHE_TYPES, type CacheType, type ContextOptions, type Placement } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import { type Functions, LLAMA_MAX_SEQ, type llama_context_params } from './abi/v0.5.0/index.js';
import { flashAttentionType } from './attention.js';
import { cacheTypeParams } from './cache-types.js';
import type { GgufFile } from './gguf.js';

/** llama.cpp pads each sequence's cells to a multiple of this. */
const CELLS_MULTIPLE = 256;
/** Cells of all sequences together: llama.cpp keeps tables for each, and hangs for minutes near 2e9. */
const MOST_CELLS = 2 ** 26;
/** Starting many more threads than processors takes minutes. */
const MOST_THREADS = 256;

/**
 * Checks what native code would answer with an abort or a hang.
 * @throws OutriderError invalid_argument, naming the option
 */
export function checkContextOptions(options: ContextOptions): void {
  const { tokensPerSequence, sequences, batch, outputs, microBatch, threads } = options;
  inRange('sequences', sequences, LLAMA_MAX_SEQ);
  inRange('tokensPerSequence', tokensPerSequence, Math.floor(MOST_CELLS / sequences));
  inRange('batch', batch, MOST_CELLS);
  inRange('outputs', outputs, batch);
  inRange('microBatch', microBatch, batch);
  checkThreads(threads);
  for (const name of ['cacheTypeK', 'cacheTypeV'] as const) checkCacheType(name, options[name]);
}

/** @throws OutriderError invalid_argument */
export function checkThreads(threads: number): void {
  inRange('threads', threads, MOST_THREADS);
}

function inRange(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new OutriderError('invalid_argument', `${name} must be an integer from 1 to ${most}, got ${value}`, {
    parameter: name,
    value,
  });
}

function checkCacheType(name: string, value: CacheType = 'f16'): void {
  if (CACHE_TYPES.includes(value)) return;
  throw new OutriderError('invalid_argument', `${name} must be one of ${CACHE_TYPES.join(', ')}, got ${value}`, {
    parameter: name,
    value,
  });
}

/** llama.cpp's parameters for checked options; `file` is the model's first. */
export function contextParams(
  functions: Functions,
  file: GgufFile,
  options: ContextOptions,
  placement: Placement,
): llama_context_params {
  const onGpu = placement.on === 'gpu';
  const cells = Math.ceil(options.tokensPerSequence / CELLS_MULTIPLE) * CELLS_MULTIPLE;
  return {
    ...functions.llama_context_default_params(),
    n_ctx: cells * options.sequences,
    n_batch: options.batch,
    n_ubatch: options.microBatch,
    n_seq_max: options.sequences,
    // llama.cpp reserves a row of logits for every sequence, wanted or not.
    n_outputs_max: Math.max(options.outputs, options.sequences),
    n_outputs_max_per_seq: options.outputs,
    n_threads: options.threads,
    n_threads_batch: options.threads,
    ...cacheTypeParams(functions, options),
    flash_attn_type: flashAttentionType(file, options, placement),
    // Otherwise a GPU that is present is used all the same, for the cache and for large passes.
    offload_kqv: onGpu,
    op_offload: onGpu,
    no_perf: true,
    swa_full: true,
    kv_unified: false,
  };
}
