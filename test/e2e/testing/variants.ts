import { mkdtemp, open, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FileType,
  type GgufChanges,
  type GgufTensor,
  type LlamaBackend,
  openBackend,
} from '../../../src/llama/index.js';
import { sequentialRandom, type Token } from '../../../src/speculative/index.js';
import { DRAFT_F16 } from './pair.js';

const TOKENS = 'tokenizer.ggml.tokens';
const SCORES = 'tokenizer.ggml.scores';
const TYPES = 'tokenizer.ggml.token_type';
const EMBEDDINGS = 'token_embd.weight';
/** LLAMA_TOKEN_TYPE_UNUSED: a placeholder that pads a vocabulary. */
const UNUSED = 5;

/** What stands under an id of a rewritten vocabulary: a token of the source, or a placeholder. */
export type Place = Token | 'unused';

/** Changed copies of model files in a folder of their own. */
export class Variants {
  readonly folder: string;
  readonly #backend: LlamaBackend;

  private constructor(folder: string, backend: LlamaBackend) {
    this.folder = folder;
    this.#backend = backend;
  }

  static async create(): Promise<Variants> {
    return new Variants(await mkdtemp(join(tmpdir(), 'outrider-variants-')), await openBackend());
  }

  async remove(): Promise<void> {
    this.#backend.close();
    await rm(this.folder, { recursive: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async rewritten(source: string, name: string, changes: Omit<GgufChanges, 'parts'>): Promise<string> {
    const [path] = await this.#backend.rewriteGguf(source, this.path(name), changes);
    return path!;
  }

  /** The parts of the source, in order. */
  split(source: string, name: string, parts: number): Promise<readonly string[]> {
    return this.#backend.rewriteGguf(source, this.path(name), { parts });
  }

  async quantized(source: string, name: string, fileType: FileType): Promise<string> {
    await this.#backend.quantize(source, this.path(name), { fileType, threads: Math.min(2, availableParallelism()) });
    return this.path(name);
  }

  /** A model of the source's shape that knows nothing: its weights are drawn. */
  withRandomWeights(source: string, name: string): Promise<string> {
    const random = sequentialRandom(11);
    const draw = (row: Float32Array): void => {
      for (let i = 0; i < row.length; i++) row[i] = (random() - 0.5) / 2;
    };
    return this.rewritten(source, name, {
      tensors: (tensors) => tensors.map((tensor) => ({ ...tensor, data: draw })),
    });
  }

  /** The draft (f16) with one token text for each id: what it learnt stays, what its tokens are called does not. */
  async withTokenTexts(name: string, text: (token: Token, text: string) => string): Promise<string> {
    const texts = (await this.#backend.readGgufArray(DRAFT_F16, TOKENS)) as readonly string[];
    return this.rewritten(DRAFT_F16, name, {
      set: { [TOKENS]: { type: 'array', of: 'string', values: texts.map((old, token) => text(token, old)) } },
    });
  }

  /** The draft (f16) with its tokens at other places, each with its own embedding, or with more of them, or fewer. */
  async withVocabulary(name: string, places: readonly Place[]): Promise<string> {
    const [texts, scores, types] = await Promise.all(
      [TOKENS, SCORES, TYPES].map((key) => this.#backend.readGgufArray(DRAFT_F16, key)),
    );
    const arrange = <T>(values: readonly unknown[], unused: (id: Token) => T): T[] =>
      places.map((place, id) => (place === 'unused' ? unused(id) : (values[place] as T)));
    const { tensors, dataOffset } = await this.#backend.readGguf(DRAFT_F16);
    const embeddings = tensors.find((tensor) => tensor.name === EMBEDDINGS)!;
    const rows = await readHalfRows(DRAFT_F16, dataOffset, embeddings);
    return this.rewritten(DRAFT_F16, name, {
      set: {
        [TOKENS]: { type: 'array', of: 'string', values: arrange(texts!, (id) => `<unused ${id}>`) },
        [SCORES]: { type: 'array', of: 'float32', values: arrange(scores!, () => 0) },
        [TYPES]: { type: 'array', of: 'int32', values: arrange(types!, () => UNUSED) },
        'llama.vocab_size': { type: 'uint32', value: places.length },
      },
      tensors: (source) =>
        source.map((tensor) => {
          if (tensor.name !== EMBEDDINGS) return { ...tensor, data: 'copy' };
          return {
            ...tensor,
            shape: [tensor.shape[0]!, places.length],
            data: (row, id) => {
              const place = places[id]!;
              if (place !== 'unused') row.set(rows[place]!);
            },
          };
        }),
    });
  }
}

/** A tensor of half-precision numbers, row by row. */
async function readHalfRows(path: string, dataOffset: number, { type, shape, bytes, offset }: GgufTensor) {
  if (type !== 'f16') throw new Error(`expected a tensor of type f16, got ${type}`);
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(bytes);
    await file.read(buffer, 0, bytes, dataOffset + offset);
    const [length = 0, count = 0] = shape;
    return Array.from({ length: count }, (_, row) =>
      Float32Array.from({ length }, (_, i) => halfToNumber(buffer.readUInt16LE(2 * (row * length + i)))),
    );
  } finally {
    await file.close();
  }
}

/** IEEE 754 binary16: one bit of sign, five of exponent, ten of fraction. Finite numbers only. */
function halfToNumber(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}
