import { createHash } from 'node:crypto';
import { OutriderError } from '../errors.js';
import type { Row } from '../speculative/index.js';
import type { Context } from './backend.js';
import { type RowClass, STRICT_CHUNK, STRICT_ROWS } from './row-class.js';

/** Cells behind which flash attention over one row divides the cache among threads: shorter tests pass by luck. */
const DEPTH = 620;

/**
 * Rows behind them that are compared. Kernels that part in the last bit show it seldom, since the next quantised product
 * rounds it away: of a small model with a few q4_K weights one row in fifty, and nearly all once a difference has found
 * its way into the cache.
 */
const SPAN = 4 * STRICT_ROWS;

/** Rows of a batch that are tried: the small ones that plain decoding and short drafts need, and some of the others. */
const COUNTS = [2, 3, 4, 5, 6, 7, 8, 12, 13, 16, 31, 32];

type StrictClass = Extract<RowClass, { kind: 'strict' }>;

/**
 * Finds by trial which batches compute rows with the same bits on this machine, for this model and context, and leaves
 * the context empty. Takes the time of a prompt of 620 tokens and of some hundred small passes.
 *
 * @param onPass called behind each pass
 * @throws OutriderError backend_failed, when no class holds (then `--strict` cannot be promised)
 */
export async function findRowClass(
  context: Context,
  vocabularySize: number,
  onPass: () => void = () => {},
): Promise<StrictClass> {
  const trial = new Trial(context, vocabularySize, onPass);
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
  readonly #onPass: () => void;
  readonly #depth: number;
  readonly #span: number;
  /** The most rows of a strict batch. */
  readonly #most: number;

  constructor(context: Context, vocabularySize: number, onPass: () => void) {
    const { tokensPerSequence, batch, outputs } = context;
    this.#context = context;
    this.#vocabularySize = vocabularySize;
    this.#onPass = onPass;
    this.#span = Math.min(SPAN, tokensPerSequence);
    this.#depth = Math.min(DEPTH, tokensPerSequence - this.#span);
    this.#most = Math.min(STRICT_ROWS, batch, outputs);
  }

  async fill(sequence: number): Promise<void> {
    for (let done = 0; done < this.#depth; ) {
      const count = Math.min(STRICT_CHUNK, this.#depth - done, this.#context.batch);
      await this.#decode([{ sequence, from: done, count, output: 0 }]);
      done += count;
    }
  }

  async findMultiple(): Promise<1 | 4> {
    const reference = await collect(this.#rows([0], [this.#most - (this.#most % 4)]));
    for (const multiple of [1, 4] as const) {
      const counts = COUNTS.filter((count) => count % multiple === 0 && count <= this.#most);
      const fewest = [Math.max(2, multiple)];
      if ((await agree(this.#rows([0], counts), reference)) && (await agree(this.#rows([0], fewest), reference))) {
        return multiple;
      }
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
    const alone = await collect(this.#rows([0], [count]));
    return agree(this.#rows(sequences, [count, 2 * count]), alone);
  }

  /**
   * Digests of the rows of sequence 0 behind the depth, when each of `sequences` has `counts` rows in a batch by turns.
   * The cache is as before afterwards.
   */
  async *#rows(sequences: readonly number[], counts: readonly number[]): AsyncGenerator<string, void, void> {
    try {
      for (let done = 0, pass = 0; ; pass++) {
        const count = counts[pass % counts.length]!;
        if (done + count > this.#span) return;
        const from = this.#depth + done;
        await this.#decode(sequences.map((sequence) => ({ sequence, from, count, output: 1 })));
        for (let i = 0; i < count; i++) yield digestOf(this.#context.logits(i));
        done += count;
      }
    } finally {
      for (const sequence of sequences) this.#drop(sequence);
    }
  }

  #drop(sequence: number): void {
    if (this.#context.trim(sequence, this.#depth)) return;
    throw new OutriderError(
      'backend_failed',
      '--strict fills batches up with rows that it drops again, which a recurrent or hybrid cache cannot. Leave --strict out',
    );
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
    this.#onPass();
    if (result !== 'done')
      throw new OutriderError('backend_failed', `the self-test of --strict ended with '${result}'`);
  }
}

/** Whether the rows that both have are equal bit for bit; ends at the first that is not. */
async function agree(rows: AsyncIterable<string>, reference: readonly string[]): Promise<boolean> {
  let i = 0;
  for await (const row of rows) {
    const expected = reference[i++];
    if (expected !== undefined && row !== expected) return false;
  }
  return true;
}

async function collect(rows: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

function digestOf({ buffer, byteOffset, byteLength }: Row): string {
  return createHash('sha1')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('base64');
}
