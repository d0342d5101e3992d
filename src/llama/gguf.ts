import koffi from 'koffi';
import { OutriderError } from '../errors.js';
import { callAsync, type Functions, GGUF_TYPE, type Pointer } from './abi/v0.5.0/index.js';
import { checkModelFile } from './model-file.js';

export type GgufType = (typeof GGUF_TYPE)[number];

/** A value of a GGUF file's metadata. Arrays (whole vocabularies) are told by their type and length only. */
export type GgufValue = string | number | bigint | boolean | { readonly arrayOf: GgufType; readonly length: number };

export interface GgufTensor {
  readonly name: string;
  /** ggml's name of the element type: 'f32', 'q8_0', ... */
  readonly type: string;
  /** Four dimensions, the fastest first; unused ones are 1. */
  readonly shape: readonly number[];
  readonly bytes: number;
  /** In bytes from the start of the tensor data (`dataOffset`). */
  readonly offset: number;
}

/** What a GGUF file says of itself, without its weights. */
export interface GgufFile {
  readonly path: string;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  /** Where tensor data begins, in bytes. */
  readonly dataOffset: number;
  /** The size of the file on disk, in bytes. */
  readonly sizeBytes: number;
}

/**
 * Reads a GGUF file's header by llama.cpp's own reader, so that what is inspected is what would be loaded. Takes tens
 * of milliseconds for a large vocabulary, off the event loop.
 * @throws OutriderError model_not_found, model_invalid
 */
export function readGguf(functions: Functions, path: string): Promise<GgufFile> {
  return withGguf(functions, path, (file, sizeBytes) => ({
    path,
    version: functions.gguf_get_version(file),
    metadata: readMetadata(functions, file),
    tensors: readTensors(functions, file),
    dataOffset: functions.gguf_get_data_offset(file),
    sizeBytes,
  }));
}

/**
 * The elements of an array in a GGUF file's metadata.
 * @throws OutriderError model_not_found, model_invalid, also when there is no such array
 */
export function readGgufArray(functions: Functions, path: string, key: string): Promise<GgufArray> {
  return withGguf(functions, path, (file) => {
    const index = functions.gguf_find_key(file, key);
    if (index < 0 || GGUF_TYPE[functions.gguf_get_kv_type(file, index)] !== 'array') {
      throw new OutriderError('model_invalid', `${path} has no array ${key} in its metadata`, { path, key });
    }
    const type = GGUF_TYPE[functions.gguf_get_arr_type(file, index)] as GgufType;
    const length = functions.gguf_get_arr_n(file, index);
    if (type === 'string') return Array.from({ length }, (_, i) => functions.gguf_get_arr_str(file, index, i));
    if (length === 0 || type === 'array') return [];
    return Array.from(koffi.decode(functions.gguf_get_arr_data(file, index), C_TYPES[type], length));
  });
}

export type GgufArray = readonly (string | number | bigint | boolean)[];

/** The C types of fixed-size elements. */
const C_TYPES: Readonly<Record<Exclude<GgufType, 'string' | 'array'>, string>> = {
  uint8: 'uint8_t',
  int8: 'int8_t',
  uint16: 'uint16_t',
  int16: 'int16_t',
  uint32: 'uint32_t',
  int32: 'int32_t',
  float32: 'float',
  bool: 'bool',
  uint64: 'uint64_t',
  int64: 'int64_t',
  float64: 'double',
};

/** Opens a checked file's header for `use`, which must not keep it. */
export async function withGguf<T>(
  functions: Functions,
  path: string,
  use: (file: Pointer, sizeBytes: number) => T | Promise<T>,
): Promise<T> {
  const { sizeBytes } = await checkModelFile(path);
  const file = await callAsync(functions.gguf_init_from_file, path, { no_alloc: true, ctx: null });
  if (file === null) {
    throw new OutriderError(
      'model_invalid',
      `${path}: the GGUF header is damaged or of an unknown version; download the file again`,
      { path },
    );
  }
  try {
    return await use(file, sizeBytes);
  } finally {
    functions.gguf_free(file);
  }
}

function readMetadata(functions: Functions, file: Pointer): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let key = 0; key < functions.gguf_get_n_kv(file); key++) {
    metadata.set(functions.gguf_get_key(file, key), readValue(functions, file, key));
  }
  return metadata;
}

/** Each accessor ends the process when the stored type is another one, so the type decides which is called. */
function readValue(functions: Functions, file: Pointer, key: number): GgufValue {
  const type = GGUF_TYPE[functions.gguf_get_kv_type(file, key)] as GgufType;
  switch (type) {
    case 'uint8':
      return functions.gguf_get_val_u8(file, key);
    case 'int8':
      return functions.gguf_get_val_i8(file, key);
    case 'uint16':
      return functions.gguf_get_val_u16(file, key);
    case 'int16':
      return functions.gguf_get_val_i16(file, key);
    case 'uint32':
      return functions.gguf_get_val_u32(file, key);
    case 'int32':
      return functions.gguf_get_val_i32(file, key);
    case 'float32':
      return functions.gguf_get_val_f32(file, key);
    case 'bool':
      return functions.gguf_get_val_bool(file, key);
    case 'string':
      return functions.gguf_get_val_str(file, key);
    case 'uint64':
      return functions.gguf_get_val_u64(file, key);
    case 'int64':
      return functions.gguf_get_val_i64(file, key);
    case 'float64':
      return functions.gguf_get_val_f64(file, key);
    case 'array':
      return {
        arrayOf: GGUF_TYPE[functions.gguf_get_arr_type(file, key)] as GgufType,
        length: functions.gguf_get_arr_n(file, key),
      };
  }
}

function readTensors(functions: Functions, file: Pointer): GgufTensor[] {
  return Array.from({ length: functions.gguf_get_n_tensors(file) }, (_, tensor) => ({
    name: functions.gguf_get_tensor_name(file, tensor),
    type: functions.ggml_type_name(functions.gguf_get_tensor_type(file, tensor)),
    shape: Array.from(koffi.decode(functions.gguf_get_tensor_ne(file, tensor), 'int64_t', 4) as BigInt64Array, Number),
    bytes: functions.gguf_get_tensor_size(file, tensor),
    offset: functions.gguf_get_tensor_offset(file, tensor),
  }));
}
