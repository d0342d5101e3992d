import { OutriderError } from '../errors.js';
import type { Context } from './backend.js';
import { type RowClass, STRICT_CHUNK, STRICT_ROWS } from './row-class.js';

/** Cells behind which flash attention over one row divides the cache among threads: shorter tests pass by luck. */
const DEPTH = 620;

/** Rows of a batch that are tried: the small ones that plain decoding and short drafts need, and some of the others. */
const COUNTS = [2, 3, 4, 5, 6, 7, 8, 12, 13, 16, 31, 32];

type StrictClass = Extract<RowClass, { kind: 'strict' }>;

/**
 * Finds by trial which batches compute rows with the same bits on this machine, for this model and context, and leaves
 * the context empty. Takes the time of a prompt of 620 tokens and some passes.
 *
 * @throws OutriderError backend_failed, when no class holds (then `--strict` cannot be promised)
 */
export async function findRowClass(context: Context, vocabularySize: number): Promise<StrictClass> {
  const trial = new Trial(context, vocabularySize);
  try {
    await trial.fill(0);
    const multiple = await trial.findMultiple();
    const together = context.sequences > 1 && (await trial.neighboursLeaveBitsAlone(multiple));
    return { kind: 'strict', multiple, sequences: together ? 'together' : 'alone' };
  } finally {
    for (let sequence = 0; sequence < context.sequences; sequence++) context.trim(sequence, 0);
  }
}

class Trial {
  readonly #context: Context;
  readonly #vocabularySize: number;
  readonly #depth: number;
  /** The most rows of a strict batch. */
  readonly #most: number;

  constructor(context: Context, vocabularySize: number) {
    this.#context = context;
    this.#vocabularySize = vocabularySize;
    this.#depth = Math.max(0, Math.min(DEPTH, context.tokensPerSequence - STRICT_ROWS));
    this.#most = Math.min(STRICT_ROWS, context.batch, context.outputs);
  }

  async fill(sequence: number): Promise<void> {
    for (let done = 0; done < this.#depth; ) {
      const count = Math.min(STRICT_CHUNK, this.#depth - done, this.#context.batch);
      await this.#decode([{ sequence, from: done, count, output: 0 }]);
      done += count;
    }
  }

  async findMultiple(): Promise<1 | 4> {
    const reference = await this.#rows([0], this.#most - (this.#most % 4));
    for (const multiple of [1, 4] as const) {
      const counts = COUNTS.filter((count) => count % multiple === 0 && count <= this.#most);
      let equal = true;
      for (const count of counts) equal &&= sameBits(await this.#rows([0], count), reference);
      if (equal) return multiple;
    }
    throw new OutriderError(
      'backend_failed',
      '--strict needs batches that compute a row with the same bits whatever their size; none were found for this model on this device. Leave --strict out',
    );
  }

  /** Up to four sequences in one batch against one by itself. */
  async neighboursLeaveBitsAlone(multiple: number): Promise<boolean> {
    const sequences = Array.from({ length: Math.min(4, this.#context.sequences) }, (_, id) => id);
    for (const sequence of sequences.slice(1)) await this.fill(sequence);
    const count = Math.max(2, multiple);
    const alone = await this.#rows([0], count);
    return (
      sameBits(await this.#rows(sequences, count), alone) && sameBits(await this.#rows(sequences, 2 * count), alone)
    );
  }

  /** The rows of sequence 0 when each of `sequences` has `count` rows in a batch; the cache is as before afterwards. */
  async #rows(sequences: readonly number[], count: number): Promise<Float32Array[]> {
    await this.#decode(sequences.map((sequence) => ({ sequence, from: this.#depth, count, output: 1 })));
    const rows = Array.from({ length: count }, (_, i) => this.#context.logits(i).slice());
    for (const sequence of sequences) {
      if (this.#context.trim(sequence, this.#depth)) continue;
      throw new OutriderError(
        'backend_failed',
        '--strict fills batches up with rows that it drops again, which a recurrent or hybrid cache cannot. Leave --strict out',
      );
    }
    return rows;
  }

  async #decode(parts: readonly { sequence: number; from: number; count: number; output: 0 | 1 }[]): Promise<void> {
    const { token, position, sequence, output } = this.#context.rows;
    let row = 0;
    for (const part of parts) {
      for (let i = 0; i < part.count; i++, row++) {
        // Any spread of ids will do; the same one for a position in every batch.
        token[row] = ((part.from + i) * 7919 + 17) % this.#vocabularySize;
        position[row] = part.from + i;
        sequence[row] = part.sequence;
        output[row] = part.output;
      }
    }
    const result = await this.#context.decode(row);
    if (result !== 'done')
      throw new OutriderError('backend_failed', `the self-test of --strict ended with '${result}'`);
  }
}

/** Whether the rows that both have are equal bit for bit. */
function sameBits(a: readonly Float32Array[], b: readonly Float32Array[]): boolean {
  return a.every((row, i) => b[i] === undefined || Buffer.compare(bytesOf(row), bytesOf(b[i])) === 0);
}

function bytesOf(row: Float32Array): Buffer {
  return Buffer.from(row.buffer, row.byteOffset, row.byteLength);
}
