import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutriderError } from '../errors.js';
import { type Functions, GGUF_TYPE, type Pointer } from './abi/v0.5.0/index.js';
import { type GgufFile, type GgufTensor, type GgufType, readGguf, withGguf } from './gguf.js';
import { partName } from './model-parts.js';
import { typeNumber } from './tensor-type.js';

const BLOCK_BYTES = 4 * 1024 * 1024;

type NumericType = Exclude<GgufType, 'string' | 'bool' | 'array'>;

/** A value to be written, with its type in the file. */
export type GgufEntry =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: NumericType; readonly value: number | bigint }
  | { readonly type: 'array'; readonly of: 'string'; readonly values: readonly string[] }
  | { readonly type: 'array'; readonly of: 'int32' | 'uint32' | 'float32'; readonly values: readonly number[] };

/** Writes the values of a tensor's row `index`; ggml then converts them to the tensor's type. */
export type FillRow = (row: Float32Array, index: number) => void;

export interface GgufTensorPlan {
  readonly name: string;
  /** ggml's name of the element type: 'f32', 'f16', 'q8_0', ... */
  readonly type: string;
  readonly shape: readonly number[];
  /** 'copy': the bytes of the tensor of that name in the source, which has the same type and shape. */
  readonly data: 'copy' | FillRow;
}

export interface GgufChanges {
  readonly set?: Readonly<Record<string, GgufEntry>>;
  readonly remove?: readonly string[];
  /** All tensors of the result; default: those of the source, copied. */
  readonly tensors?: (source: readonly GgufTensor[]) => readonly GgufTensorPlan[];
  /** Split into that many parts, by llama.cpp's conventions. Default: one file. */
  readonly parts?: number;
}

/**
 * Writes a changed copy of a GGUF file, for tests and benchmarks that need variants of a model. Weights are streamed:
 * memory holds one block of rows. Returns the files written, the first part first.
 */
export async function rewriteGguf(
  functions: Functions,
  path: string,
  out: string,
  changes: GgufChanges = {},
): Promise<readonly string[]> {
  const source = await readGguf(functions, path);
  const tensors =
    changes.tensors?.(source.tensors) ?? source.tensors.map((tensor) => ({ ...tensor, data: 'copy' as const }));
  const parts = changes.parts ?? 1;
  const written: string[] = [];
  for (let part = 0; part < parts; part++) {
    const from = Math.ceil((tensors.length * part) / parts);
    const own = tensors.slice(from, Math.ceil((tensors.length * (part + 1)) / parts));
    const file = parts === 1 ? out : join(dirname(out), partName(basename(out, '.gguf'), part + 1, parts));
    const split = parts === 1 ? {} : splitEntries(part, parts, tensors.length);
    // Only the first part carries the model's own metadata.
    const entries = part === 0 ? { ...changes.set, ...split } : split;
    const header = await buildHeader(functions, part === 0 ? path : undefined, { ...changes, set: entries }, own);
    await writeFile(functions, source, header, own, file);
    written.push(file);
  }
  return written;
}

/** The metadata of a part beyond the model's own, as llama-gguf-split writes it. */
function splitEntries(part: number, parts: number, tensors: number): Record<string, GgufEntry> {
  return {
    'split.no': { type: 'uint16', value: part },
    'split.count': { type: 'uint16', value: parts },
    'split.tensors.count': { type: 'int32', value: tensors },
  };
}

/** A header as it will stand in the file, and where each tensor's data goes, counted from its end. */
interface Header {
  readonly bytes: Uint8Array;
  readonly offsets: readonly number[];
  /** Data is padded to multiples of this. */
  readonly alignment: number;
}

async function buildHeader(
  functions: Functions,
  metadataFrom: string | undefined,
  { set = {}, remove = [] }: Pick<GgufChanges, 'set' | 'remove'>,
  tensors: readonly GgufTensorPlan[],
): Promise<Header> {
  const file = functions.gguf_init_empty();
  const memory = functions.ggml_init({
    mem_size: functions.ggml_tensor_overhead() * (tensors.length + 1),
    mem_buffer: null,
    no_alloc: true,
  });
  try {
    if (metadataFrom !== undefined) {
      await withGguf(functions, metadataFrom, (source) => functions.gguf_set_kv(file, source));
    }
    for (const key of remove) functions.gguf_remove_key(file, key);
    for (const [key, entry] of Object.entries(set)) setEntry(functions, file, key, entry);
    for (const { name, type, shape } of tensors) {
      const dimensions = BigInt64Array.from(shape, BigInt);
      const tensor = functions.ggml_new_tensor(memory, typeNumber(functions, type), shape.length, dimensions);
      functions.gguf_add_tensor(file, functions.ggml_set_name(tensor, name));
    }
    const bytes = new Uint8Array(functions.gguf_get_meta_size(file));
    functions.gguf_get_meta_data(file, bytes);
    return {
      bytes,
      offsets: tensors.map((_, i) => functions.gguf_get_tensor_offset(file, i)),
      alignment: functions.gguf_get_alignment(file),
    };
  } finally {
    functions.ggml_free(memory);
    functions.gguf_free(file);
  }
}

function setEntry(functions: Functions, file: Pointer, key: string, entry: GgufEntry): void {
  // ggml ends the process for any value of this key but a power of two.
  if (key === 'general.alignment') throw new RangeError('the alignment of a rewritten file stays as it is');
  if (entry.type === 'string') functions.gguf_set_val_str(file, key, entry.value);
  else if (entry.type === 'bool') functions.gguf_set_val_bool(file, key, entry.value);
  else if (entry.type !== 'array') functions[NUMBER_SETTERS[entry.type]](file, key, entry.value as number);
  else if (entry.of === 'string') functions.gguf_set_arr_str(file, key, entry.values, entry.values.length);
  else {
    const values = ARRAYS[entry.of].from(entry.values);
    functions.gguf_set_arr_data(file, key, GGUF_TYPE.indexOf(entry.of), values, values.length);
  }
}

const ARRAYS = { int32: Int32Array, uint32: Uint32Array, float32: Float32Array } as const;

const NUMBER_SETTERS = {
  uint8: 'gguf_set_val_u8',
  int8: 'gguf_set_val_i8',
  uint16: 'gguf_set_val_u16',
  int16: 'gguf_set_val_i16',
  uint32: 'gguf_set_val_u32',
  int32: 'gguf_set_val_i32',
  uint64: 'gguf_set_val_u64',
  int64: 'gguf_set_val_i64',
  float32: 'gguf_set_val_f32',
  float64: 'gguf_set_val_f64',
} as const satisfies Record<NumericType, keyof Functions>;

async function writeFile(
  functions: Functions,
  source: GgufFile,
  header: Header,
  tensors: readonly GgufTensorPlan[],
  path: string,
): Promise<void> {
  const input = await open(source.path);
  const output = await open(path, 'w');
  try {
    await output.write(header.bytes);
    for (const [i, tensor] of tensors.entries()) {
      const at = header.bytes.length + (header.offsets[i] as number);
      if (tensor.data === 'copy') await copyTensor(source, tensor, input, output, at);
      else await fillTensor(functions, tensor, tensor.data, output, at);
    }
    // The last tensor is padded too, as in every file that llama.cpp writes.
    const { size } = await output.stat();
    await output.truncate(Math.ceil(size / header.alignment) * header.alignment);
  } finally {
    await input.close();
    await output.close();
  }
}

async function copyTensor(
  source: GgufFile,
  { name, type }: GgufTensorPlan,
  input: FileHandle,
  output: FileHandle,
  at: number,
): Promise<void> {
  const tensor = source.tensors.find((one) => one.name === name);
  if (!tensor || tensor.type !== type) throw new RangeError(`${source.path} has no tensor ${name} of type ${type}`);
  const block = Buffer.alloc(Math.min(tensor.bytes, BLOCK_BYTES));
  for (let done = 0; done < tensor.bytes; ) {
    const length = Math.min(block.length, tensor.bytes - done);
    const { bytesRead } = await input.read(block, 0, length, source.dataOffset + tensor.offset + done);
    if (bytesRead === 0) throw new RangeError(`${source.path} ends within tensor ${name}`);
    await output.write(block, 0, bytesRead, at + done);
    done += bytesRead;
  }
}

async function fillTensor(
  functions: Functions,
  { name, type, shape }: GgufTensorPlan,
  fill: FillRow,
  output: FileHandle,
  at: number,
): Promise<void> {
  const number = typeNumber(functions, type);
  const [rowLength = 1, ...others] = shape;
  const block = functions.ggml_blck_size(number);
  // ggml computes on with a part of a block, and the file is damaged.
  if (rowLength % block !== 0) {
    throw new OutriderError(
      'invalid_argument',
      `${name}: rows of type ${type} have a multiple of ${block} elements, got ${rowLength}; take another type or width`,
    );
  }
  const rows = others.reduce((product, length) => product * length, 1);
  const rowBytes = functions.ggml_row_size(number, rowLength);
  const most = Math.max(1, Math.floor(BLOCK_BYTES / (rowLength * Float32Array.BYTES_PER_ELEMENT)));
  for (let from = 0; from < rows; from += most) {
    const count = Math.min(most, rows - from);
    const values = new Float32Array(count * rowLength);
    for (let i = 0; i < count; i++) fill(values.subarray(i * rowLength, (i + 1) * rowLength), from + i);
    const bytes = new Uint8Array(count * rowBytes);
    functions.ggml_quantize_chunk(number, values, bytes, 0, count, rowLength, null);
    await output.write(bytes, 0, bytes.length, at + from * rowBytes);
  }
}
