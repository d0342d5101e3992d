/** The functions of ggml's C interface that Outrider calls, by the library that exports them. */
import { type Memory, type Pointer, prototype } from '../prototype.js';

/** Exported by libggml: the registry of back ends. */
export const GGML = {
  ggml_backend_load_all_from_path: prototype<(directory: string) => void>(
    'void ggml_backend_load_all_from_path(const char *dir_path)',
  ),
  ggml_backend_dev_count: prototype<() => number>('size_t ggml_backend_dev_count()'),
  ggml_backend_dev_get: prototype<(index: number) => Pointer>(
    'ggml_backend_device *ggml_backend_dev_get(size_t index)',
  ),
};

/** Exported by libggml-base: devices, GGUF files, tensors. */
export const GGML_BASE = {
  ggml_backend_dev_name: prototype<(device: Pointer) => string>(
    'const char *ggml_backend_dev_name(ggml_backend_device *device)',
  ),
  ggml_backend_dev_description: prototype<(device: Pointer) => string>(
    'const char *ggml_backend_dev_description(ggml_backend_device *device)',
  ),
  ggml_backend_dev_type: prototype<(device: Pointer) => number>(
    'int ggml_backend_dev_type(ggml_backend_device *device)',
  ),
  ggml_backend_dev_memory: prototype<(device: Pointer, free: BigUint64Array, total: BigUint64Array) => void>(
    'void ggml_backend_dev_memory(ggml_backend_device *device, void *free, void *total)',
  ),
  ggml_backend_dev_backend_reg: prototype<(device: Pointer) => Pointer>(
    'ggml_backend_reg *ggml_backend_dev_backend_reg(ggml_backend_device *device)',
  ),
  ggml_backend_reg_get_proc_address: prototype<(registry: Pointer, name: string) => Pointer | null>(
    'void *ggml_backend_reg_get_proc_address(ggml_backend_reg *reg, const char *name)',
  ),
  ggml_threadpool_params_default: prototype<(threads: number) => object>(
    'ggml_threadpool_params ggml_threadpool_params_default(int n_threads)',
  ),
  gguf_get_alignment: prototype<(file: Pointer) => number>('size_t gguf_get_alignment(const gguf_context *ctx)'),
  gguf_init_from_file: prototype<(path: string, params: { no_alloc: boolean; ctx: null }) => Pointer | null>(
    'gguf_context *gguf_init_from_file(const char *fname, gguf_init_params params)',
  ),
  gguf_free: prototype<(file: Pointer) => void>('void gguf_free(gguf_context *ctx)'),
  gguf_get_version: prototype<(file: Pointer) => number>('uint32_t gguf_get_version(const gguf_context *ctx)'),
  gguf_get_data_offset: prototype<(file: Pointer) => number>('size_t gguf_get_data_offset(const gguf_context *ctx)'),
  gguf_get_n_kv: prototype<(file: Pointer) => number>('int64_t gguf_get_n_kv(const gguf_context *ctx)'),
  gguf_get_key: prototype<(file: Pointer, key: number) => string>(
    'const char *gguf_get_key(const gguf_context *ctx, int64_t key_id)',
  ),
  gguf_get_kv_type: prototype<(file: Pointer, key: number) => number>(
    'int gguf_get_kv_type(const gguf_context *ctx, int64_t key_id)',
  ),
  gguf_get_arr_type: prototype<(file: Pointer, key: number) => number>(
    'int gguf_get_arr_type(const gguf_context *ctx, int64_t key_id)',
  ),
  gguf_get_arr_n: prototype<(file: Pointer, key: number) => number>(
    'size_t gguf_get_arr_n(const gguf_context *ctx, int64_t key_id)',
  ),
  gguf_get_val_u8: ggufValue<number>('u8', 'uint8_t'),
  gguf_get_val_i8: ggufValue<number>('i8', 'int8_t'),
  gguf_get_val_u16: ggufValue<number>('u16', 'uint16_t'),
  gguf_get_val_i16: ggufValue<number>('i16', 'int16_t'),
  gguf_get_val_u32: ggufValue<number>('u32', 'uint32_t'),
  gguf_get_val_i32: ggufValue<number>('i32', 'int32_t'),
  gguf_get_val_f32: ggufValue<number>('f32', 'float'),
  gguf_get_val_u64: ggufValue<number | bigint>('u64', 'uint64_t'),
  gguf_get_val_i64: ggufValue<number | bigint>('i64', 'int64_t'),
  gguf_get_val_f64: ggufValue<number>('f64', 'double'),
  gguf_get_val_bool: ggufValue<boolean>('bool', 'bool'),
  gguf_get_val_str: ggufValue<string>('str', 'const char *'),
  gguf_get_n_tensors: prototype<(file: Pointer) => number>('int64_t gguf_get_n_tensors(const gguf_context *ctx)'),
  gguf_get_tensor_name: prototype<(file: Pointer, tensor: number) => string>(
    'const char *gguf_get_tensor_name(const gguf_context *ctx, int64_t tensor_id)',
  ),
  gguf_get_tensor_ne: prototype<(file: Pointer, tensor: number) => Pointer>(
    'void *gguf_get_tensor_ne(const gguf_context *ctx, int64_t tensor_id)',
  ),
  gguf_get_tensor_type: prototype<(file: Pointer, tensor: number) => number>(
    'int gguf_get_tensor_type(const gguf_context *ctx, int64_t tensor_id)',
  ),
  gguf_get_tensor_offset: prototype<(file: Pointer, tensor: number) => number>(
    'size_t gguf_get_tensor_offset(const gguf_context *ctx, int64_t tensor_id)',
  ),
  gguf_get_tensor_size: prototype<(file: Pointer, tensor: number) => number>(
    'size_t gguf_get_tensor_size(const gguf_context *ctx, int64_t tensor_id)',
  ),
  gguf_get_arr_str: prototype<(file: Pointer, key: number, index: number) => string>(
    'const char *gguf_get_arr_str(const gguf_context *ctx, int64_t key_id, size_t i)',
  ),
  gguf_get_arr_data: prototype<(file: Pointer, key: number) => Pointer>(
    'void *gguf_get_arr_data(const gguf_context *ctx, int64_t key_id)',
  ),
  gguf_find_key: prototype<(file: Pointer, key: string) => number>(
    'int64_t gguf_find_key(const gguf_context *ctx, const char *key)',
  ),
  gguf_init_empty: prototype<() => Pointer>('gguf_context *gguf_init_empty()'),
  gguf_set_kv: prototype<(file: Pointer, source: Pointer) => void>(
    'void gguf_set_kv(gguf_context *ctx, const gguf_context *src)',
  ),
  gguf_remove_key: prototype<(file: Pointer, key: string) => number>(
    'int64_t gguf_remove_key(gguf_context *ctx, const char *key)',
  ),
  gguf_set_val_u8: ggufSetter<number>('u8', 'uint8_t'),
  gguf_set_val_i8: ggufSetter<number>('i8', 'int8_t'),
  gguf_set_val_u16: ggufSetter<number>('u16', 'uint16_t'),
  gguf_set_val_i16: ggufSetter<number>('i16', 'int16_t'),
  gguf_set_val_u32: ggufSetter<number>('u32', 'uint32_t'),
  gguf_set_val_i32: ggufSetter<number>('i32', 'int32_t'),
  gguf_set_val_f32: ggufSetter<number>('f32', 'float'),
  gguf_set_val_u64: ggufSetter<number | bigint>('u64', 'uint64_t'),
  gguf_set_val_i64: ggufSetter<number | bigint>('i64', 'int64_t'),
  gguf_set_val_f64: ggufSetter<number>('f64', 'double'),
  gguf_set_val_bool: ggufSetter<boolean>('bool', 'bool'),
  gguf_set_val_str: ggufSetter<string>('str', 'const char *'),
  gguf_set_arr_data: prototype<(file: Pointer, key: string, type: number, data: Memory, length: number) => void>(
    'void gguf_set_arr_data(gguf_context *ctx, const char *key, int type, const void *data, size_t n)',
  ),
  gguf_set_arr_str: prototype<(file: Pointer, key: string, texts: readonly string[], length: number) => void>(
    'void gguf_set_arr_str(gguf_context *ctx, const char *key, const char **data, size_t n)',
  ),
  gguf_add_tensor: prototype<(file: Pointer, tensor: Pointer) => void>(
    'void gguf_add_tensor(gguf_context *ctx, const ggml_tensor *tensor)',
  ),
  gguf_get_meta_size: prototype<(file: Pointer) => number>('size_t gguf_get_meta_size(const gguf_context *ctx)'),
  gguf_get_meta_data: prototype<(file: Pointer, data: Memory) => void>(
    'void gguf_get_meta_data(const gguf_context *ctx, void *data)',
  ),
  ggml_init: prototype<(params: { mem_size: number; mem_buffer: null; no_alloc: boolean }) => Pointer>(
    'ggml_context *ggml_init(ggml_init_params params)',
  ),
  ggml_free: prototype<(context: Pointer) => void>('void ggml_free(ggml_context *ctx)'),
  ggml_tensor_overhead: prototype<() => number>('size_t ggml_tensor_overhead()'),
  ggml_new_tensor: prototype<(context: Pointer, type: number, dimensions: number, shape: BigInt64Array) => Pointer>(
    'ggml_tensor *ggml_new_tensor(ggml_context *ctx, int type, int n_dims, const int64_t *ne)',
  ),
  ggml_set_name: prototype<(tensor: Pointer, name: string) => Pointer>(
    'ggml_tensor *ggml_set_name(ggml_tensor *tensor, const char *name)',
  ),
  ggml_type_name: prototype<(type: number) => string>('const char *ggml_type_name(int type)'),
  ggml_blck_size: prototype<(type: number) => number>('int64_t ggml_blck_size(int type)'),
  ggml_row_size: prototype<(type: number, elements: number) => number>('size_t ggml_row_size(int type, int64_t ne)'),
  ggml_quantize_chunk: prototype<
    (
      type: number,
      source: Float32Array,
      destination: Uint8Array,
      start: number,
      rows: number,
      rowLength: number,
      importance: null,
    ) => number
  >(
    'size_t ggml_quantize_chunk(int type, const float *src, void *dst, int64_t start, int64_t nrows, int64_t n_per_row, const float *imatrix)',
  ),
};

function ggufSetter<Value>(suffix: string, type: string) {
  return prototype<(file: Pointer, key: string, value: Value) => void>(
    `void gguf_set_val_${suffix}(gguf_context *ctx, const char *key, ${type} val)`,
  );
}

function ggufValue<Value>(suffix: string, type: string) {
  return prototype<(file: Pointer, key: number) => Value>(
    `${type} gguf_get_val_${suffix}(const gguf_context *ctx, int64_t key_id)`,
  );
}
