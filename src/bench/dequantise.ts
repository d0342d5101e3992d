import { OutriderError } from '../errors.js';

const Q8_BLOCK = 32;
const Q8_BYTES = 2 + Q8_BLOCK;

/**
 * A tensor's rows as numbers, from the bytes of a GGUF file. The embedded models' types are enough: f32, f16 and q8_0
 * (blocks of 32: a half precision scale, then 32 signed bytes).
 *
 * @throws OutriderError model_invalid for another type
 */
export function dequantise(type: string, bytes: Uint8Array, columns: number): Float32Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[type];
  if (read === undefined) {
    throw new OutriderError(
      'model_invalid',
      `expected a model in ${Object.keys(READERS).join(', ')}, got a tensor in ${type}`,
    );
  }
  const { rowBytes, value } = read;
  const rows = bytes.byteLength / rowBytes(columns);
  return Array.from({ length: rows }, (_, row) => {
    const start = row * rowBytes(columns);
    return Float32Array.from({ length: columns }, (_, column) => value(view, start, column));
  });
}

interface Reader {
  rowBytes(columns: number): number;
  value(view: DataView, start: number, column: number): number;
}

const READERS: Readonly<Record<string, Reader>> = {
  f32: {
    rowBytes: (columns) => 4 * columns,
    value: (view, start, column) => view.getFloat32(start + 4 * column, true),
  },
  f16: {
    rowBytes: (columns) => 2 * columns,
    value: (view, start, column) => half(view.getUint16(start + 2 * column, true)),
  },
  q8_0: {
    rowBytes: (columns) => (columns / Q8_BLOCK) * Q8_BYTES,
    value: (view, start, column) => {
      const block = start + Math.floor(column / Q8_BLOCK) * Q8_BYTES;
      return half(view.getUint16(block, true)) * view.getInt8(block + 2 + (column % Q8_BLOCK));
    },
  },
};

/** IEEE 754 half precision. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
