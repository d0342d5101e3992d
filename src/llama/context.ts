import type { BatchRows, CellRange, Context, ContextOptions, DecodeResult, SequenceState } from '../engine/backend.js';
import { OutriderError } from '../errors.js';
import type { Row } from '../speculative/index.js';
import { callAsync, type Functions, type Pointer } from './abi/v0.5.0/index.js';
import { checkThreads } from './context-options.js';
import type { Handle } from './handle.js';
import { LogitRows } from './logit-rows.js';
import { NativeBatch } from './native-batch.js';
import { PassTimes } from './pass-times.js';
import type { ThreadPools } from './thread-pools.js';

/** llama_decode's answers that leave the context usable. */
const FULL = 1;
const ABORTED = 2;

const FAILURES: Readonly<Record<number, string>> = {
  [-1]: 'it calls the batch invalid',
  [-2]: 'it could not allocate memory for the pass',
  [-3]: 'a device failed during the pass',
};

export interface ContextParts {
  readonly functions: Functions;
  readonly handle: Handle;
  readonly options: ContextOptions;
  readonly vocabularySize: number;
  /** Whether the model leaves cells that can be dropped and moved one by one. */
  readonly canMoveCells: boolean;
  readonly threadPools: ThreadPools;
  /** Whether passes may run on this thread at all: not while JavaScript listens to llama.cpp's log. */
  readonly mayRunInPlace: () => boolean;
  /** Passes predicted to be shorter run on this thread, others on another. */
  readonly inPlaceMs: number;
  readonly now: () => number;
}

/** A llama_context with caches that are not unified: each sequence has cells of its own. */
export class LlamaContext implements Context {
  readonly tokensPerSequence: number;
  readonly sequences: number;
  readonly batch: number;
  readonly outputs: number;
  readonly canShift: boolean;
  readonly #parts: ContextParts;
  readonly #memory: Pointer;
  readonly #rows: NativeBatch;
  readonly #logitRows: LogitRows;
  readonly #times = new PassTimes();
  /** Tokens in each sequence: what is known to be in the cache. */
  readonly #lengths: Int32Array;
  /** Scratch: the lengths as they will be after the pass being checked. */
  readonly #nextLengths: Int32Array;
  #threads: number;
  #running = false;
  /** Keys that moved and are turned within the next pass: that one takes longer than its rows say. */
  #turnPending = false;

  constructor(parts: ContextParts) {
    const { functions, handle, options } = parts;
    this.#parts = parts;
    this.tokensPerSequence = options.tokensPerSequence;
    this.sequences = options.sequences;
    this.outputs = options.outputs;
    this.#threads = options.threads;
    parts.threadPools.attach(handle.pointer, options.threads);
    const memory = functions.llama_get_memory(handle.pointer);
    if (memory === null) {
      handle.close();
      throw new OutriderError(
        'model_invalid',
        'this model keeps no context (it is an encoder); use a text generation model',
      );
    }
    this.#memory = memory;
    this.canShift = parts.canMoveCells && functions.llama_memory_can_shift(memory);
    this.#lengths = new Int32Array(options.sequences);
    this.#nextLengths = new Int32Array(options.sequences);
    // llama.cpp lowers n_batch to the cells that there are; a larger pass would end the process.
    this.batch = Math.min(options.batch, functions.llama_n_batch(handle.pointer));
    this.#rows = new NativeBatch(this.batch);
    this.#logitRows = new LogitRows(functions, handle, parts.vocabularySize);
  }

  get rows(): BatchRows {
    return this.#rows;
  }

  get threads(): number {
    return this.#threads;
  }

  decode(count: number): DecodeResult | Promise<DecodeResult> {
    if (!this.#check(count)) return 'full';
    const { functions, handle, inPlaceMs, mayRunInPlace, now } = this.#parts;
    this.#rows.struct.n_tokens = count;
    this.#logitRows.forget();
    const predicted = this.#times.predict(count);
    const start = now();
    if (predicted !== undefined && predicted < inPlaceMs && !this.#turnPending && mayRunInPlace()) {
      const code = functions.llama_decode(handle.pointer, this.#rows.struct);
      this.#times.observe(count, now() - start);
      return this.#conclude(code, count);
    }
    return this.#decodeElsewhere(count, start);
  }

  logits(i: number): Row {
    this.#refuseWhileRunning();
    return this.#logitRows.row(i);
  }

  trim(sequence: number, position: number): boolean {
    this.#refuseWhileRunning();
    this.#checkSequence(sequence);
    const length = this.#lengths[sequence] as number;
    if (!Number.isInteger(position) || position < 0) {
      throw new OutriderError('invalid_argument', `cannot trim to position ${position}: expected an integer from 0 on`);
    }
    if (position >= length) return true;
    if (!this.#parts.functions.llama_memory_seq_rm(this.#memory, sequence, position, -1)) return false;
    this.#lengths[sequence] = position;
    return true;
  }

  copy(from: number, to: number): void {
    this.#refuseWhileRunning();
    this.#checkSequence(from);
    this.#checkSequence(to);
    if (from === to) return;
    this.trim(to, 0);
    this.#parts.functions.llama_memory_seq_cp(this.#memory, from, to, -1, -1);
    this.#lengths[to] = this.#lengths[from] as number;
  }

  compact(sequence: number, kept: readonly CellRange[]): void {
    this.#refuseWhileRunning();
    this.#checkSequence(sequence);
    if (!this.canShift) throw failed('this cache cannot move cells');
    this.#checkRanges(sequence, kept);
    const { functions } = this.#parts;
    let length = 0;
    let seen = 0;
    for (const range of kept) {
      const { from } = range;
      const end = from + range.length;
      // What has moved up already stands before `seen`.
      if (from > seen) this.#remove(sequence, seen, from);
      if (from > length) {
        functions.llama_memory_seq_add(this.#memory, sequence, from, end, length - from);
        this.#turnPending = true;
      }
      length += range.length;
      seen = end;
    }
    this.#remove(sequence, seen, -1);
    this.#lengths[sequence] = length;
  }

  save(sequence: number): Promise<SequenceState> {
    this.#checkSequence(sequence);
    const length = this.#lengths[sequence] as number;
    return this.#elsewhere(async ({ functions }, pointer) => {
      const bytes = new Uint8Array(functions.llama_state_seq_get_size(pointer, sequence));
      const written = await callAsync(functions.llama_state_seq_get_data, pointer, bytes, bytes.length, sequence);
      if (written !== bytes.length)
        throw failed(`saving sequence ${sequence} gave ${written} of ${bytes.length} bytes`);
      return { bytes, length };
    });
  }

  async restore(sequence: number, { bytes, length }: SequenceState): Promise<boolean> {
    this.trim(sequence, 0);
    const read = await this.#elsewhere(({ functions }, pointer) =>
      callAsync(functions.llama_state_seq_set_data, pointer, bytes, bytes.length, sequence),
    );
    if (read === bytes.length) this.#lengths[sequence] = length;
    else if (!this.#parts.handle.closed) {
      this.#parts.functions.llama_memory_seq_rm(this.#memory, sequence, 0, -1);
    }
    return read === bytes.length;
  }

  setThreads(threads: number): void {
    this.#refuseWhileRunning();
    checkThreads(threads);
    const { functions, handle, threadPools } = this.#parts;
    functions.llama_set_n_threads(handle.pointer, threads, threads);
    threadPools.attach(handle.pointer, threads);
    this.#threads = threads;
  }

  /** Idempotent. A pass in flight ends before the native context is freed. */
  close(): void {
    this.#parts.handle.close();
  }

  #decodeElsewhere(count: number, start: number): Promise<DecodeResult> {
    return this.#elsewhere(async ({ functions, now }, pointer) => {
      const code = await callAsync(functions.llama_decode, pointer, this.#rows.struct);
      if (!this.#turnPending) this.#times.observe(count, now() - start);
      this.#turnPending = false;
      return this.#conclude(code, count);
    });
  }

  /** A call on another thread: no other of this context meanwhile, and it is not freed before. */
  async #elsewhere<T>(call: (parts: ContextParts, pointer: Pointer) => Promise<T>): Promise<T> {
    this.#refuseWhileRunning();
    const pointer = this.#parts.handle.pointer;
    const release = this.#parts.handle.hold();
    this.#running = true;
    try {
      return await call(this.#parts, pointer);
    } finally {
      this.#running = false;
      release();
    }
  }

  /** Native code ends the process for some of these and accepts others silently. False: a sequence would overflow. */
  #check(count: number): boolean {
    void this.#parts.handle.pointer;
    this.#refuseWhileRunning();
    if (!Number.isInteger(count) || count < 1 || count > this.batch) {
      throw failed(`a pass has 1 to ${this.batch} rows, got ${count}`);
    }
    const { token, position, sequence, output } = this.#rows;
    const next = this.#nextLengths;
    next.set(this.#lengths);
    let outputs = 0;
    let fits = true;
    for (let i = 0; i < count; i++) {
      const id = token[i] as number;
      const of = sequence[i] as number;
      if (id < 0 || id >= this.#parts.vocabularySize) throw failed(`row ${i}: token ${id} is not in the vocabulary`);
      if (of < 0 || of >= this.sequences) throw failed(`row ${i}: sequence ${of} is not in 0..${this.sequences - 1}`);
      const at = next[of] as number;
      if (position[i] !== at) throw failed(`row ${i}: position ${position[i]} of sequence ${of}, expected ${at}`);
      next[of] = at + 1;
      if (at >= this.tokensPerSequence) fits = false;
      if (output[i] !== 0) outputs++;
    }
    if (outputs > this.outputs)
      throw failed(`${outputs} rows ask for logits, this context has room for ${this.outputs}`);
    return fits;
  }

  #conclude(code: number, count: number): DecodeResult {
    if (code === 0) {
      this.#lengths.set(this.#nextLengths);
      this.#logitRows.accept(this.#rows.output, count);
      return 'done';
    }
    if (code === FULL) return 'full';
    // Micro-batches before the one that ended are still in the cache.
    this.#forgetRowsOf(count);
    if (code === ABORTED) return 'aborted';
    throw failed(`llama_decode returned ${code}: ${FAILURES[code] ?? 'an unknown failure'}`);
  }

  #forgetRowsOf(count: number): void {
    if (this.#parts.handle.closed) return;
    for (const sequence of new Set(this.#rows.sequence.subarray(0, count))) {
      this.#parts.functions.llama_memory_seq_rm(this.#memory, sequence, this.#lengths[sequence] as number, -1);
    }
  }

  #remove(sequence: number, from: number, to: number): void {
    if (this.#parts.functions.llama_memory_seq_rm(this.#memory, sequence, from, to)) return;
    throw failed(`sequence ${sequence} refused to drop positions ${from} to ${to}`);
  }

  #checkRanges(sequence: number, ranges: readonly CellRange[]): void {
    let end = 0;
    for (const { from, length } of ranges) {
      if (!(Number.isInteger(from) && Number.isInteger(length) && from >= end && length >= 1)) {
        throw failed(`cannot keep ${length} positions from ${from} on: ranges are in order, apart and not empty`);
      }
      end = from + length;
    }
    if (end > (this.#lengths[sequence] as number)) {
      throw failed(`cannot keep positions up to ${end} of sequence ${sequence}, which has ${this.#lengths[sequence]}`);
    }
  }

  #checkSequence(sequence: number): void {
    void this.#parts.handle.pointer;
    if (!Number.isInteger(sequence) || sequence < 0 || sequence >= this.sequences) {
      throw new OutriderError('invalid_argument', `sequence ${sequence} is not in 0..${this.sequences - 1}`);
    }
  }

  #refuseWhileRunning(): void {
    if (this.#running) throw failed('a pass of this context is still running; await it first');
  }
}

function failed(what: string): OutriderError {
  return new OutriderError('backend_failed', `the pass failed: ${what}`);
}
