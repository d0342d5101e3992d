/** The release, its limits and the values of its enumerations, by their C names. */

/** The release that this folder describes, as packages and folders name it. */
export const RELEASE = 'v0.5.0';
/** llama_version() of builds of the release begins with this. */
export const VERSION = '0.5.0';

export const LLAMA_TOKEN_NULL = -1;
/** LLAMA_MAX_SEQ: the most sequences of one context. */
export const LLAMA_MAX_SEQ = 256;
/** GGML_MAX_N_THREADS. */
export const GGML_MAX_N_THREADS = 512;

/** enum llama_vocab_type, by value. */
export const LLAMA_VOCAB_TYPE = ['none', 'spm', 'bpe', 'wpm', 'ugm', 'rwkv', 'plamo2', 'test'] as const;

/** enum llama_token_attr: bits. */
export const LLAMA_TOKEN_ATTR = { UNKNOWN: 1, UNUSED: 2, NORMAL: 4, CONTROL: 8, USER_DEFINED: 16, BYTE: 32 } as const;

/** enum llama_ftype: the file types that we write. */
export const LLAMA_FTYPE = { f32: 0, f16: 1, q4_0: 2, q8_0: 7, q4_K_M: 15, bf16: 32 } as const;

/** enum llama_load_mode: how files are read; AUTO maps them into memory where that can be done. */
export const LLAMA_LOAD_MODE = { AUTO: -1, NONE: 0 } as const;

export const LLAMA_FLASH_ATTN_TYPE = { AUTO: -1, DISABLED: 0, ENABLED: 1 } as const;

/** enum ggml_log_level, by value. */
export const GGML_LOG_LEVEL = ['none', 'debug', 'info', 'warn', 'error', 'cont'] as const;

/** enum ggml_backend_dev_type, by value; `meta` groups other devices. */
export const GGML_BACKEND_DEVICE_TYPE = ['cpu', 'gpu', 'integrated-gpu', 'accelerator', 'meta'] as const;

/** enum ggml_type: the types that we write ourselves. */
export const GGML_TYPE = { F32: 0, F16: 1, Q8_0: 8, BF16: 30, COUNT: 43 } as const;

/** enum gguf_type, by value. */
export const GGUF_TYPE = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'float32',
  'bool',
  'string',
  'array',
  'uint64',
  'int64',
  'float64',
] as const;
