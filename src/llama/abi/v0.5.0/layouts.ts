/**
 * The data of llama.cpp's binary interface that Outrider relies on: struct layouts, callback types and the defaults that
 * prove the layouts. Names are C's, so that one can grep llama.h, ggml-backend.h and gguf.h.
 */
import koffi from 'koffi';
import type { Memory } from '../prototype.js';
import { GGML_MAX_N_THREADS, GGML_TYPE, LLAMA_FLASH_ATTN_TYPE, LLAMA_FTYPE, LLAMA_LOAD_MODE } from './constants.js';

const llama_model_params = koffi.struct('llama_model_params', {
  devices: 'void *',
  tensor_buft_overrides: 'void *',
  n_gpu_layers: 'int32_t',
  split_mode: 'int',
  load_mode: 'int',
  lazy_mode: 'int',
  main_gpu: 'int32_t',
  tensor_split: 'void *',
  progress_callback: 'void *',
  progress_callback_user_data: 'void *',
  kv_overrides: 'void *',
  vocab_only: 'bool',
  check_tensors: 'bool',
  use_extra_bufts: 'bool',
  no_host: 'bool',
  no_alloc: 'bool',
  load_mtp: 'bool',
});

const llama_context_params = koffi.struct('llama_context_params', {
  n_ctx: 'uint32_t',
  n_batch: 'uint32_t',
  n_ubatch: 'uint32_t',
  n_seq_max: 'uint32_t',
  n_rs_seq: 'uint32_t',
  n_outputs_max: 'uint32_t',
  n_outputs_max_per_seq: 'uint32_t',
  n_threads: 'int32_t',
  n_threads_batch: 'int32_t',
  ctx_type: 'int',
  rope_scaling_type: 'int',
  pooling_type: 'int',
  attention_type: 'int',
  flash_attn_type: 'int',
  rope_freq_base: 'float',
  rope_freq_scale: 'float',
  yarn_ext_factor: 'float',
  yarn_attn_factor: 'float',
  yarn_beta_fast: 'float',
  yarn_beta_slow: 'float',
  yarn_orig_ctx: 'uint32_t',
  defrag_thold: 'float',
  cb_eval: 'void *',
  cb_eval_user_data: 'void *',
  type_k: 'int',
  type_v: 'int',
  abort_callback: 'void *',
  abort_callback_data: 'void *',
  embeddings: 'bool',
  offload_kqv: 'bool',
  no_perf: 'bool',
  op_offload: 'bool',
  swa_full: 'bool',
  kv_unified: 'bool',
  samplers: 'void *',
  n_samplers: 'size_t',
  ctx_other: 'void *',
});

const llama_model_quantize_params = koffi.struct('llama_model_quantize_params', {
  nthread: 'int32_t',
  ftype: 'int',
  output_tensor_type: 'int',
  token_embedding_type: 'int',
  allow_requantize: 'bool',
  quantize_output_tensor: 'bool',
  only_copy: 'bool',
  pure: 'bool',
  keep_split: 'bool',
  dry_run: 'bool',
  imatrix: 'void *',
  kv_overrides: 'void *',
  tt_overrides: 'void *',
  prune_layers: 'void *',
  max_buf_size: 'size_t',
});

const llama_sampler_chain_params = koffi.struct('llama_sampler_chain_params', { no_perf: 'bool' });

const llama_batch = koffi.struct('llama_batch', {
  n_tokens: 'int32_t',
  token: 'void *',
  embd: 'void *',
  pos: 'void *',
  n_seq_id: 'void *',
  seq_id: 'void *',
  logits: 'void *',
});

/** 12 bytes, no padding: written and read through typed arrays of the same memory. */
const llama_token_data = koffi.struct('llama_token_data', { id: 'int32_t', logit: 'float', p: 'float' });

const llama_token_data_array = koffi.struct('llama_token_data_array', {
  data: 'void *',
  size: 'size_t',
  selected: 'int64_t',
  sorted: 'bool',
});

const llama_chat_message = koffi.struct('llama_chat_message', { role: 'const char *', content: 'const char *' });
const llama_logit_bias = koffi.struct('llama_logit_bias', { token: 'int32_t', bias: 'float' });
const gguf_init_params = koffi.struct('gguf_init_params', { no_alloc: 'bool', ctx: 'void *' });
const ggml_init_params = koffi.struct('ggml_init_params', {
  mem_size: 'size_t',
  mem_buffer: 'void *',
  no_alloc: 'bool',
});

koffi.struct('ggml_threadpool_params', {
  cpumask: koffi.array('bool', GGML_MAX_N_THREADS),
  n_threads: 'int',
  prio: 'int',
  poll: 'uint32_t',
  strict_cpu: 'bool',
  paused: 'bool',
});

/** Functions of the processor's back end, by the names that ggml_backend_reg_get_proc_address knows. */
export const CPU_PROCEDURES = {
  ggml_threadpool_new: koffi.proto('void *ggml_threadpool_new(ggml_threadpool_params *params)'),
  ggml_threadpool_free: koffi.proto('void ggml_threadpool_free(void *threadpool)'),
} as const;

const callbacks = {
  ggml_log_callback: koffi.proto('void ggml_log_callback(int level, const char *text, void *user_data)'),
  llama_progress_callback: koffi.proto('bool llama_progress_callback(float progress, void *user_data)'),
};
/** The types of callbacks, for koffi.register. */
export const CALLBACK_TYPES = {
  ggml_log_callback: koffi.pointer(callbacks.ggml_log_callback),
  llama_progress_callback: koffi.pointer(callbacks.llama_progress_callback),
} as const;

for (const name of [
  ...['llama_model', 'llama_context', 'llama_vocab', 'llama_memory', 'llama_sampler', 'gguf_context', 'ggml_context'],
  ...['ggml_tensor', 'ggml_backend_device', 'ggml_backend_reg'],
])
  koffi.opaque(name);

/** Struct sizes in bytes on 64-bit platforms: a check of the declarations above against the compiler's layout. */
export const STRUCT_SIZES = [
  { type: llama_model_params, bytes: 80 },
  { type: llama_context_params, bytes: 160 },
  { type: llama_model_quantize_params, bytes: 64 },
  { type: llama_sampler_chain_params, bytes: 1 },
  { type: llama_batch, bytes: 56 },
  { type: llama_token_data, bytes: 12 },
  { type: llama_token_data_array, bytes: 32 },
  { type: llama_chat_message, bytes: 16 },
  { type: llama_logit_bias, bytes: 8 },
  { type: gguf_init_params, bytes: 16 },
  { type: ggml_init_params, bytes: 24 },
] as const;

/**
 * What the `*_default_params` functions return in this release, field by field. Reading them through our declarations
 * and finding exactly these values proves the layouts; sizes alone only measure what we declared ourselves.
 */
export const DEFAULTS = {
  llama_model_default_params: {
    devices: null,
    tensor_buft_overrides: null,
    n_gpu_layers: -1,
    split_mode: 1,
    load_mode: LLAMA_LOAD_MODE.AUTO,
    lazy_mode: 1,
    main_gpu: 0,
    tensor_split: null,
    progress_callback: null,
    progress_callback_user_data: null,
    kv_overrides: null,
    vocab_only: false,
    check_tensors: false,
    use_extra_bufts: true,
    no_host: false,
    no_alloc: false,
    load_mtp: false,
  },
  llama_context_default_params: {
    n_ctx: 512,
    n_batch: 2048,
    n_ubatch: 512,
    n_seq_max: 1,
    n_rs_seq: 0,
    n_outputs_max: 0,
    n_outputs_max_per_seq: 1,
    n_threads: 4,
    n_threads_batch: 4,
    ctx_type: 0,
    rope_scaling_type: -1,
    pooling_type: -1,
    attention_type: -1,
    flash_attn_type: LLAMA_FLASH_ATTN_TYPE.AUTO,
    rope_freq_base: 0,
    rope_freq_scale: 0,
    yarn_ext_factor: -1,
    yarn_attn_factor: -1,
    yarn_beta_fast: -1,
    yarn_beta_slow: -1,
    yarn_orig_ctx: 0,
    defrag_thold: -1,
    cb_eval: null,
    cb_eval_user_data: null,
    type_k: GGML_TYPE.F16,
    type_v: GGML_TYPE.F16,
    abort_callback: null,
    abort_callback_data: null,
    embeddings: false,
    offload_kqv: true,
    no_perf: true,
    op_offload: true,
    swa_full: true,
    kv_unified: false,
    samplers: null,
    n_samplers: 0,
    ctx_other: null,
  },
  llama_sampler_chain_default_params: { no_perf: true },
  llama_model_quantize_default_params: {
    nthread: 0,
    ftype: LLAMA_FTYPE.q8_0,
    output_tensor_type: GGML_TYPE.COUNT,
    token_embedding_type: GGML_TYPE.COUNT,
    allow_requantize: false,
    quantize_output_tensor: true,
    only_copy: false,
    pure: false,
    keep_split: false,
    dry_run: false,
    imatrix: null,
    kv_overrides: null,
    tt_overrides: null,
    prune_layers: null,
    max_buf_size: 8 * 1024 ** 3,
  },
} as const;

export type Defaults = typeof DEFAULTS;

type Fields<Values> = {
  [Name in keyof Values]: Values[Name] extends null ? Memory : Values[Name] extends boolean ? boolean : number;
};

export type llama_model_params = Fields<Defaults['llama_model_default_params']>;
export type llama_context_params = Fields<Defaults['llama_context_default_params']>;
export type llama_model_quantize_params = Fields<Defaults['llama_model_quantize_default_params']>;
export type llama_sampler_chain_params = Fields<Defaults['llama_sampler_chain_default_params']>;

export interface llama_batch {
  n_tokens: number;
  token: Memory;
  embd: Memory;
  pos: Memory;
  n_seq_id: Memory;
  seq_id: Memory;
  logits: Memory;
}

export interface llama_token_data_array {
  data: Memory;
  size: number;
  selected: number;
  sorted: boolean;
}

export interface llama_chat_message {
  readonly role: string;
  readonly content: string;
}
