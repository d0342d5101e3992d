import type { CacheType, ContextOptions } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import type { Functions, llama_context_params } from './abi/v0.5.0/index.js';
import { attentionShape } from './attention-shape.js';
import type { GgufFile } from './gguf.js';
import { typeNumber } from './tensor-type.js';

/** llama.cpp's own default, and ours. */
const USUAL: CacheType = 'f16';
/** Those that store each number by itself. */
const PLAIN: readonly CacheType[] = ['f32', 'f16', 'bf16'];

/**
 * Checks what ggml would end the process for: a quantised type stores numbers in blocks, of which a head's have to be a
 * multiple. A model whose file does not tell its heads gets fused attention, for which llama.cpp checks that itself.
 * @throws OutriderError invalid_argument
 */
export function checkCacheTypes(functions: Functions, file: GgufFile, options: ContextOptions): void {
  const { keySizes, valueSizes } = attentionShape(file);
  const { cacheTypeK = USUAL, cacheTypeV = USUAL } = options;
  checkBlocks(functions, file, { what: 'keys', type: cacheTypeK, sizes: keySizes });
  checkBlocks(functions, file, { what: 'values', type: cacheTypeV, sizes: valueSizes });
}

/** Whether values are stored in blocks, which only fused attention reads. */
export function needsFusedAttention({ cacheTypeV = USUAL }: ContextOptions): boolean {
  return !PLAIN.includes(cacheTypeV);
}

export function cacheTypeParams(
  functions: Functions,
  { cacheTypeK = USUAL, cacheTypeV = USUAL }: ContextOptions,
): Pick<llama_context_params, 'type_k' | 'type_v'> {
  return { type_k: typeNumber(functions, cacheTypeK), type_v: typeNumber(functions, cacheTypeV) };
}

function checkBlocks(
  functions: Functions,
  { path }: GgufFile,
  { what, type, sizes }: { readonly what: string; readonly type: CacheType; readonly sizes: readonly number[] },
): void {
  const block = functions.ggml_blck_size(typeNumber(functions, type));
  const size = sizes.find((size) => size % block !== 0);
  if (size === undefined) return;
  throw new OutriderError(
    'invalid_argument',
    `cached ${what} of type ${type} come in blocks of ${block} numbers, and the heads of ${path} have ${size}; take ${PLAIN.join(', ')}`,
    { path, type, headSize: size },
  );
}
