/** The functions of llama.cpp's C interface that Outrider calls. */
import { type Pointer, prototype } from '../prototype.js';
import type {
  llama_batch,
  llama_chat_message,
  llama_context_params,
  llama_model_params,
  llama_model_quantize_params,
  llama_sampler_chain_params,
  llama_token_data_array,
} from './layouts.js';

type Text = string | null;

const libraryFunctions = {
  llama_version: prototype<() => string>('const char *llama_version()'),
  llama_print_system_info: prototype<() => string>('const char *llama_print_system_info()'),
  llama_log_set: prototype<(callback: Pointer | null, userData: null) => void>(
    'void llama_log_set(void *log_callback, void *user_data)',
  ),
  llama_backend_init: prototype<() => void>('void llama_backend_init()'),
  llama_backend_free: prototype<() => void>('void llama_backend_free()'),
  llama_model_default_params: prototype<() => llama_model_params>('llama_model_params llama_model_default_params()'),
  llama_context_default_params: prototype<() => llama_context_params>(
    'llama_context_params llama_context_default_params()',
  ),
  llama_sampler_chain_default_params: prototype<() => llama_sampler_chain_params>(
    'llama_sampler_chain_params llama_sampler_chain_default_params()',
  ),
  llama_model_quantize_default_params: prototype<() => llama_model_quantize_params>(
    'llama_model_quantize_params llama_model_quantize_default_params()',
  ),
  llama_model_quantize: prototype<(input: string, output: string, params: llama_model_quantize_params) => number>(
    'uint32_t llama_model_quantize(const char *fname_inp, const char *fname_out, const llama_model_quantize_params *params)',
  ),
};

const modelFunctions = {
  llama_model_load_from_splits: prototype<
    (paths: string[], count: number, params: llama_model_params) => Pointer | null
  >('llama_model *llama_model_load_from_splits(const char **paths, size_t n_paths, llama_model_params params)'),
  llama_model_free: prototype<(model: Pointer) => void>('void llama_model_free(llama_model *model)'),
  llama_model_get_vocab: prototype<(model: Pointer) => Pointer>(
    'const llama_vocab *llama_model_get_vocab(const llama_model *model)',
  ),
  llama_model_n_ctx_train: prototype<(model: Pointer) => number>(
    'int32_t llama_model_n_ctx_train(const llama_model *model)',
  ),
  llama_model_n_layer: prototype<(model: Pointer) => number>('int32_t llama_model_n_layer(const llama_model *model)'),
  llama_model_size: prototype<(model: Pointer) => number>('uint64_t llama_model_size(const llama_model *model)'),
  llama_model_n_params: prototype<(model: Pointer) => number>(
    'uint64_t llama_model_n_params(const llama_model *model)',
  ),
  llama_model_desc: prototype<(model: Pointer, buffer: Uint8Array, size: number) => number>(
    'int32_t llama_model_desc(const llama_model *model, char *buf, size_t buf_size)',
  ),
  llama_model_meta_count: prototype<(model: Pointer) => number>(
    'int32_t llama_model_meta_count(const llama_model *model)',
  ),
  llama_model_meta_key_by_index: prototype<
    (model: Pointer, index: number, buffer: Uint8Array | null, size: number) => number
  >('int32_t llama_model_meta_key_by_index(const llama_model *model, int32_t i, char *buf, size_t buf_size)'),
  llama_model_meta_val_str_by_index: prototype<
    (model: Pointer, index: number, buffer: Uint8Array | null, size: number) => number
  >('int32_t llama_model_meta_val_str_by_index(const llama_model *model, int32_t i, char *buf, size_t buf_size)'),
  llama_model_chat_template: prototype<(model: Pointer, name: Text) => Text>(
    'const char *llama_model_chat_template(const llama_model *model, const char *name)',
  ),
  llama_model_has_encoder: prototype<(model: Pointer) => boolean>(
    'bool llama_model_has_encoder(const llama_model *model)',
  ),
  llama_model_is_recurrent: prototype<(model: Pointer) => boolean>(
    'bool llama_model_is_recurrent(const llama_model *model)',
  ),
  llama_model_n_swa: prototype<(model: Pointer) => number>('int32_t llama_model_n_swa(const llama_model *model)'),
  llama_model_is_hybrid: prototype<(model: Pointer) => boolean>('bool llama_model_is_hybrid(const llama_model *model)'),
  llama_model_is_diffusion: prototype<(model: Pointer) => boolean>(
    'bool llama_model_is_diffusion(const llama_model *model)',
  ),
  llama_chat_apply_template: prototype<
    (
      template: Text,
      chat: readonly llama_chat_message[],
      count: number,
      addAssistant: boolean,
      buffer: Uint8Array | null,
      length: number,
    ) => number
  >(
    'int32_t llama_chat_apply_template(const char *tmpl, const llama_chat_message *chat, size_t n_msg, bool add_ass, char *buf, int32_t length)',
  ),
};

const vocabularyFunctions = {
  llama_vocab_type: prototype<(vocabulary: Pointer) => number>('int llama_vocab_type(const llama_vocab *vocab)'),
  llama_vocab_n_tokens: prototype<(vocabulary: Pointer) => number>(
    'int32_t llama_vocab_n_tokens(const llama_vocab *vocab)',
  ),
  llama_vocab_get_text: prototype<(vocabulary: Pointer, token: number) => string>(
    'const char *llama_vocab_get_text(const llama_vocab *vocab, int32_t token)',
  ),
  llama_vocab_get_attr: prototype<(vocabulary: Pointer, token: number) => number>(
    'int llama_vocab_get_attr(const llama_vocab *vocab, int32_t token)',
  ),
  llama_vocab_is_eog: prototype<(vocabulary: Pointer, token: number) => boolean>(
    'bool llama_vocab_is_eog(const llama_vocab *vocab, int32_t token)',
  ),
  llama_vocab_get_add_bos: prototype<(vocabulary: Pointer) => boolean>(
    'bool llama_vocab_get_add_bos(const llama_vocab *vocab)',
  ),
  llama_vocab_get_add_eos: prototype<(vocabulary: Pointer) => boolean>(
    'bool llama_vocab_get_add_eos(const llama_vocab *vocab)',
  ),
  llama_vocab_bos: specialToken('bos'),
  llama_vocab_eos: specialToken('eos'),
  llama_vocab_eot: specialToken('eot'),
  llama_vocab_sep: specialToken('sep'),
  llama_vocab_nl: specialToken('nl'),
  llama_vocab_pad: specialToken('pad'),
  llama_vocab_mask: specialToken('mask'),
  llama_vocab_fim_pre: specialToken('fim_pre'),
  llama_vocab_fim_suf: specialToken('fim_suf'),
  llama_vocab_fim_mid: specialToken('fim_mid'),
  llama_vocab_fim_pad: specialToken('fim_pad'),
  llama_vocab_fim_rep: specialToken('fim_rep'),
  llama_vocab_fim_sep: specialToken('fim_sep'),
  llama_tokenize: prototype<
    (
      vocabulary: Pointer,
      text: Uint8Array,
      bytes: number,
      tokens: Int32Array,
      capacity: number,
      addSpecial: boolean,
      parseSpecial: boolean,
    ) => number
  >(
    'int32_t llama_tokenize(const llama_vocab *vocab, const char *text, int32_t text_len, int32_t *tokens, int32_t n_tokens_max, bool add_special, bool parse_special)',
  ),
  llama_token_to_piece: prototype<
    (
      vocabulary: Pointer,
      token: number,
      buffer: Uint8Array,
      length: number,
      leadingSpaces: number,
      special: boolean,
    ) => number
  >(
    'int32_t llama_token_to_piece(const llama_vocab *vocab, int32_t token, char *buf, int32_t length, int32_t lstrip, bool special)',
  ),
};

function specialToken(role: string) {
  return prototype<(vocabulary: Pointer) => number>(`int32_t llama_vocab_${role}(const llama_vocab *vocab)`);
}

const contextFunctions = {
  llama_init_from_model: prototype<(model: Pointer, params: llama_context_params) => Pointer | null>(
    'llama_context *llama_init_from_model(llama_model *model, llama_context_params params)',
  ),
  llama_free: prototype<(context: Pointer) => void>('void llama_free(llama_context *ctx)'),
  llama_n_batch: prototype<(context: Pointer) => number>('uint32_t llama_n_batch(const llama_context *ctx)'),
  llama_get_memory: prototype<(context: Pointer) => Pointer | null>(
    'llama_memory *llama_get_memory(const llama_context *ctx)',
  ),
  llama_set_n_threads: prototype<(context: Pointer, threads: number, threadsBatch: number) => void>(
    'void llama_set_n_threads(llama_context *ctx, int32_t n_threads, int32_t n_threads_batch)',
  ),
  llama_attach_threadpool: prototype<(context: Pointer, pool: Pointer, poolBatch: Pointer) => void>(
    'void llama_attach_threadpool(llama_context *ctx, void *threadpool, void *threadpool_batch)',
  ),
  llama_detach_threadpool: prototype<(context: Pointer) => void>('void llama_detach_threadpool(llama_context *ctx)'),
  llama_decode: prototype<(context: Pointer, batch: llama_batch) => number>(
    'int32_t llama_decode(llama_context *ctx, llama_batch batch)',
  ),
  llama_get_logits_ith: prototype<(context: Pointer, index: number) => Pointer | null>(
    'void *llama_get_logits_ith(llama_context *ctx, int32_t i)',
  ),
  llama_memory_seq_rm: prototype<(memory: Pointer, sequence: number, from: number, to: number) => boolean>(
    'bool llama_memory_seq_rm(llama_memory *mem, int32_t seq_id, int32_t p0, int32_t p1)',
  ),
  llama_memory_seq_cp: prototype<
    (memory: Pointer, source: number, destination: number, from: number, to: number) => void
  >('void llama_memory_seq_cp(llama_memory *mem, int32_t seq_id_src, int32_t seq_id_dst, int32_t p0, int32_t p1)'),
  llama_memory_seq_add: prototype<(memory: Pointer, sequence: number, from: number, to: number, delta: number) => void>(
    'void llama_memory_seq_add(llama_memory *mem, int32_t seq_id, int32_t p0, int32_t p1, int32_t delta)',
  ),
  llama_memory_can_shift: prototype<(memory: Pointer) => boolean>('bool llama_memory_can_shift(llama_memory *mem)'),
  llama_state_seq_get_size: prototype<(context: Pointer, sequence: number) => number>(
    'size_t llama_state_seq_get_size(llama_context *ctx, int32_t seq_id)',
  ),
  llama_state_seq_get_data: prototype<(context: Pointer, buffer: Uint8Array, size: number, sequence: number) => number>(
    'size_t llama_state_seq_get_data(llama_context *ctx, uint8_t *dst, size_t size, int32_t seq_id)',
  ),
  llama_state_seq_set_data: prototype<(context: Pointer, state: Uint8Array, size: number, sequence: number) => number>(
    'size_t llama_state_seq_set_data(llama_context *ctx, const uint8_t *src, size_t size, int32_t dest_seq_id)',
  ),
};

const samplerFunctions = {
  llama_sampler_chain_init: prototype<(params: llama_sampler_chain_params) => Pointer>(
    'llama_sampler *llama_sampler_chain_init(llama_sampler_chain_params params)',
  ),
  llama_sampler_chain_add: prototype<(chain: Pointer, sampler: Pointer) => void>(
    'void llama_sampler_chain_add(llama_sampler *chain, llama_sampler *smpl)',
  ),
  llama_sampler_free: prototype<(sampler: Pointer) => void>('void llama_sampler_free(llama_sampler *smpl)'),
  llama_sampler_accept: prototype<(sampler: Pointer, token: number) => void>(
    'void llama_sampler_accept(llama_sampler *smpl, int32_t token)',
  ),
  llama_sampler_reset: prototype<(sampler: Pointer) => void>('void llama_sampler_reset(llama_sampler *smpl)'),
  llama_sampler_apply: prototype<(sampler: Pointer, candidates: llama_token_data_array) => void>(
    'void llama_sampler_apply(llama_sampler *smpl, _Inout_ llama_token_data_array *cur_p)',
  ),
  llama_sampler_init_greedy: prototype<() => Pointer>('llama_sampler *llama_sampler_init_greedy()'),
  llama_sampler_init_dist: prototype<(seed: number) => Pointer>(
    'llama_sampler *llama_sampler_init_dist(uint32_t seed)',
  ),
  llama_sampler_init_top_k: prototype<(k: number) => Pointer>('llama_sampler *llama_sampler_init_top_k(int32_t k)'),
  llama_sampler_init_top_p: prototype<(p: number, minKeep: number) => Pointer>(
    'llama_sampler *llama_sampler_init_top_p(float p, size_t min_keep)',
  ),
  llama_sampler_init_min_p: prototype<(p: number, minKeep: number) => Pointer>(
    'llama_sampler *llama_sampler_init_min_p(float p, size_t min_keep)',
  ),
  llama_sampler_init_typical: prototype<(p: number, minKeep: number) => Pointer>(
    'llama_sampler *llama_sampler_init_typical(float p, size_t min_keep)',
  ),
  llama_sampler_init_temp: prototype<(temperature: number) => Pointer>(
    'llama_sampler *llama_sampler_init_temp(float t)',
  ),
  llama_sampler_init_temp_ext: prototype<(temperature: number, delta: number, exponent: number) => Pointer>(
    'llama_sampler *llama_sampler_init_temp_ext(float t, float delta, float exponent)',
  ),
  llama_sampler_init_xtc: prototype<(probability: number, threshold: number, minKeep: number, seed: number) => Pointer>(
    'llama_sampler *llama_sampler_init_xtc(float p, float t, size_t min_keep, uint32_t seed)',
  ),
  llama_sampler_init_top_n_sigma: prototype<(n: number) => Pointer>(
    'llama_sampler *llama_sampler_init_top_n_sigma(float n)',
  ),
  llama_sampler_init_mirostat_v2: prototype<(seed: number, tau: number, eta: number) => Pointer>(
    'llama_sampler *llama_sampler_init_mirostat_v2(uint32_t seed, float tau, float eta)',
  ),
  llama_sampler_init_penalties: prototype<
    (vocabularySize: number, lastN: number, repeat: number, frequency: number, presence: number) => Pointer
  >(
    'llama_sampler *llama_sampler_init_penalties(int32_t n_vocab, int32_t penalty_last_n, float penalty_repeat, float penalty_freq, float penalty_present)',
  ),
  llama_sampler_init_dry: prototype<
    (
      vocabulary: Pointer,
      multiplier: number,
      base: number,
      allowedLength: number,
      lastN: number,
      breakers: readonly string[],
      breakerCount: number,
    ) => Pointer
  >(
    'llama_sampler *llama_sampler_init_dry(const llama_vocab *vocab, float dry_multiplier, float dry_base, int32_t dry_allowed_length, int32_t dry_penalty_last_n, const char **seq_breakers, size_t num_breakers)',
  ),
  llama_sampler_init_logit_bias: prototype<
    (vocabularySize: number, count: number, biases: readonly { token: number; bias: number }[]) => Pointer
  >(
    'llama_sampler *llama_sampler_init_logit_bias(int32_t n_vocab, int32_t n_logit_bias, const llama_logit_bias *logit_bias)',
  ),
};

/** Exported by libllama. */
export const LLAMA = {
  ...libraryFunctions,
  ...modelFunctions,
  ...vocabularyFunctions,
  ...contextFunctions,
  ...samplerFunctions,
};
