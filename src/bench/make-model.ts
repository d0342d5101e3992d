import { open } from 'node:fs/promises';
import { OutriderError } from '../errors.js';
import { sequentialRandom } from '../speculative/index.js';
import { dequantise } from './dequantise.js';
import { type Inflation, inflate, type LlamaShape, type SourceMatrix } from './inflate.js';

/** A GGUF file's header, as far as this needs it. */
export interface SourceFile {
  readonly path: string;
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly number[];
    readonly bytes: number;
    readonly offset: number;
  }[];
  readonly dataOffset: number;
}

/** The kernels' own GGUF functions. */
export interface ModelWriter {
  readGguf(path: string): Promise<SourceFile>;
  rewriteGguf(
    path: string,
    out: string,
    changes: { readonly set: Inflation['metadata']; readonly tensors: () => Inflation['tensors'] },
  ): Promise<readonly string[]>;
}

export interface ModelOrder {
  readonly source: string;
  readonly out: string;
  readonly shape: Partial<Pick<LlamaShape, 'width' | 'layers' | 'feedForward' | 'heads'>>;
  readonly type: string;
  readonly noise: number;
  readonly seed: number;
}

/**
 * Writes a model with the function of `source` and another shape (see `inflate`).
 * @throws OutriderError model_invalid for a source that is no plain Llama, invalid_argument for a shape that cannot be
 */
export async function makeModel(order: ModelOrder, writer: ModelWriter): Promise<void> {
  const file = await writer.readGguf(order.source);
  const { shape, epsilon } = shapeOf(file);
  const matrices = await readAll(file);
  const read = (name: string): SourceMatrix => {
    const matrix = matrices.get(name);
    if (matrix === undefined)
      throw new OutriderError('model_invalid', `${file.path}: expected a plain Llama, it has no ${name}`);
    return matrix;
  };
  const { type, noise, seed } = order;
  const target = { ...shape, ...order.shape };
  const inflation = inflated({ source: shape, epsilon, target, type, noise, random: sequentialRandom(seed), read });
  await writer.rewriteGguf(order.source, order.out, { set: inflation.metadata, tensors: () => inflation.tensors });
}

function inflated(options: Parameters<typeof inflate>[0]): Inflation {
  try {
    return inflate(options);
  } catch (error) {
    if (error instanceof RangeError) throw new OutriderError('invalid_argument', error.message);
    throw error;
  }
}

function shapeOf({ path, metadata }: SourceFile): { shape: LlamaShape; epsilon: number } {
  const number = (key: string): number => {
    const value = Number(metadata.get(key));
    if (!Number.isFinite(value))
      throw new OutriderError('model_invalid', `${path}: expected a plain Llama, it does not say ${key}`);
    return value;
  };
  const heads = number('llama.attention.head_count');
  const width = number('llama.embedding_length');
  return {
    shape: {
      width,
      layers: number('llama.block_count'),
      feedForward: number('llama.feed_forward_length'),
      heads,
      keyValueHeads: number('llama.attention.head_count_kv'),
      headSize: metadata.has('llama.attention.key_length') ? number('llama.attention.key_length') : width / heads,
      vocabulary: number('llama.vocab_size'),
    },
    epsilon: number('llama.attention.layer_norm_rms_epsilon'),
  };
}

async function readAll(file: SourceFile): Promise<Map<string, SourceMatrix>> {
  const handle = await open(file.path);
  try {
    const matrices = new Map<string, SourceMatrix>();
    for (const { name, type, shape, bytes, offset } of file.tensors) {
      const data = new Uint8Array(bytes);
      await handle.read(data, 0, bytes, file.dataOffset + offset);
      const columns = shape[0]!;
      matrices.set(name, { columns, rows: dequantise(type, data, columns) });
    }
    return matrices;
  } finally {
    await handle.close();
  }
}
