/**
 * Blows a small Llama up to any width, depth and number of heads without changing its function, so that acceptance is
 * that of a trained pair and cost that of a large target.
 *
 * - Width: new channels are zero everywhere, so every normalisation sees the same sum over a larger count. With the norm
 *   weights scaled by sqrt(old / new) and epsilon by old / new the result is the same.
 * - Heads: new ones compute on random weights, and their columns in the output projection are zero. The ratio of heads
 *   to heads of keys and values stays, so every old head finds its old keys.
 * - Feed-forward width: new channels are random, their columns in the down projection are zero.
 * - Depth: new blocks have zero output projections; they cost what the others cost and add nothing.
 *
 * `noise` disturbs the old weights: a worse model of the same kind, for drafts of any acceptance.
 */
import type { Random } from '../speculative/index.js';

/** A matrix of the source, `rows[i]` being its i-th row of inputs. */
export interface SourceMatrix {
  readonly columns: number;
  readonly rows: readonly Float32Array[];
}

export interface LlamaShape {
  readonly width: number;
  readonly layers: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
}

export interface InflateOptions {
  readonly source: LlamaShape;
  readonly epsilon: number;
  /** Width, layers, feed-forward width and heads to blow up to, each at least the source's. */
  readonly target: Pick<LlamaShape, 'width' | 'layers' | 'feedForward' | 'heads'>;
  /** ggml's type of all matrices; norms stay f32. */
  readonly type: string;
  /** Standard deviation of the noise on the old weights, relative to that of each matrix; 0 for none. */
  readonly noise: number;
  readonly random: Random;
  /** A source tensor by its name. */
  readonly read: (name: string) => SourceMatrix;
}

export interface InflatedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: (row: Float32Array, index: number) => void;
}

export interface Inflation {
  readonly tensors: readonly InflatedTensor[];
  /** Metadata of the new shape. */
  readonly metadata: Readonly<Record<string, { readonly type: 'uint32' | 'float32'; readonly value: number }>>;
}

/** @throws RangeError for a target that is smaller than the source or whose heads do not keep their ratio */
export function inflate(options: InflateOptions): Inflation {
  const { source, target, epsilon } = options;
  const ratio = source.heads / source.keyValueHeads;
  for (const name of ['width', 'layers', 'feedForward', 'heads'] as const) {
    if (target[name] < source[name])
      throw new RangeError(`${name}: expected at least ${source[name]}, got ${target[name]}`);
  }
  if (target.heads % ratio !== 0) throw new RangeError(`heads: expected a multiple of ${ratio}, got ${target.heads}`);
  const shape = { ...source, ...target, keyValueHeads: target.heads / ratio };
  const blocks = Array.from({ length: shape.layers }, (_, layer) => blockOf(options, shape, layer));
  return {
    tensors: [
      matrix(options, 'token_embd.weight', shape.width, shape.vocabulary, 'zero'),
      norm(options, 'output_norm.weight', shape.width),
      ...blocks.flat(),
    ],
    metadata: {
      'llama.embedding_length': { type: 'uint32', value: shape.width },
      'llama.block_count': { type: 'uint32', value: shape.layers },
      'llama.feed_forward_length': { type: 'uint32', value: shape.feedForward },
      'llama.attention.head_count': { type: 'uint32', value: shape.heads },
      'llama.attention.head_count_kv': { type: 'uint32', value: shape.keyValueHeads },
      'llama.attention.layer_norm_rms_epsilon': { type: 'float32', value: (epsilon * source.width) / shape.width },
    },
  };
}

function blockOf(options: InflateOptions, shape: LlamaShape, layer: number): InflatedTensor[] {
  const { width, feedForward, headSize } = shape;
  const queries = shape.heads * headSize;
  const keys = shape.keyValueHeads * headSize;
  const name = (part: string): string => `blk.${layer}.${part}.weight`;
  return [
    norm(options, name('attn_norm'), width),
    matrix(options, name('attn_q'), width, queries, 'random'),
    matrix(options, name('attn_k'), width, keys, 'random'),
    matrix(options, name('attn_v'), width, keys, 'random'),
    matrix(options, name('attn_output'), queries, width, 'zero'),
    norm(options, name('ffn_norm'), width),
    matrix(options, name('ffn_gate'), width, feedForward, 'random'),
    matrix(options, name('ffn_up'), width, feedForward, 'random'),
    matrix(options, name('ffn_down'), feedForward, width, 'zero'),
  ];
}

/**
 * The old matrix in the upper left corner. To the right of it stands zero: either the input is zero there, or the column
 * is one of a new channel that must not be heard. `below` says what new outputs compute; those of a projection back to
 * the width must be zero.
 */
function matrix(
  options: InflateOptions,
  name: string,
  columns: number,
  rows: number,
  below: 'zero' | 'random',
): InflatedTensor {
  const { type, noise, random, read, source } = options;
  const isOld = !name.startsWith('blk.') || Number(name.split('.')[1]) < source.layers;
  const old = isOld ? read(name) : undefined;
  const scale = 1 / Math.sqrt(columns);
  const deviation = old && noise > 0 ? noise * deviationOf(old) : 0;
  return {
    name,
    type,
    shape: [columns, rows],
    data: (row, index) => {
      const known = old?.rows[index];
      if (known !== undefined)
        for (let i = 0; i < known.length; i++) row[i] = known[i]! + (deviation > 0 ? deviation * gauss(random) : 0);
      else if (below === 'random') for (let i = 0; i < row.length; i++) row[i] = scale * gauss(random);
    },
  };
}

function norm({ read, source }: InflateOptions, name: string, width: number): InflatedTensor {
  const isOld = !name.startsWith('blk.') || Number(name.split('.')[1]) < source.layers;
  const old = isOld ? read(name).rows[0] : undefined;
  const scale = Math.sqrt(source.width / width);
  return {
    name,
    type: 'f32',
    shape: [width],
    data: (row) => {
      for (let i = 0; i < row.length; i++) row[i] = old === undefined ? 1 : (old[i] ?? 1) * scale;
    },
  };
}

function deviationOf({ rows, columns }: SourceMatrix): number {
  let squares = 0;
  for (const row of rows) for (const value of row) squares += value * value;
  return Math.sqrt(squares / (rows.length * columns));
}

/** Box and Muller (1958), one of the two. */
function gauss(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
