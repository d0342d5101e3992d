import type { Row } from '../../speculative/index.js';
import type { BatchRows, CellRange, Context, ContextOptions, DecodeResult, SequenceState } from '../backend.js';
import type { FakeLaw } from './fake-law.js';
import { type Rounding, type RowShape, round, taint } from './fake-rounding.js';

type Failure = 'full' | 'aborted' | Error | undefined;

export interface FakeKernels {
  readonly law: FakeLaw;
  readonly vocabularySize: number;
  /** False: like a recurrent cache, this one drops all of a sequence or nothing. */
  readonly canTrim: boolean;
  /** False: no cell can move. */
  readonly canShift: boolean;
  /** False: it refuses whatever was saved. */
  readonly canRestore: boolean;
  readonly rounding: Rounding;
  /** The most that rounding changes a logit by. */
  readonly roundingSize: number;
  /** When the pass with this number (from 1) is over, if it runs on another thread; `undefined`: it runs in place. */
  readonly elsewhere: (pass: number) => Promise<unknown> | undefined;
  /** How the pass with this number fails, if it does. */
  readonly fault: (pass: number) => Failure;
}

/** What one decode was asked for. */
export interface PassRecord {
  readonly rows: number;
  readonly outputs: number;
  readonly parts: readonly { readonly sequence: number; readonly position: number; readonly rows: number }[];
}

/** What stands at a position: the token, and what the law and rounding made of it and of all that was before it then. */
interface Cell {
  readonly token: number;
  readonly state: number;
  readonly taint: number;
}

/** A context without kernels that refuses whatever llama.cpp refuses, or crashes on, or silently gets wrong. */
export class FakeContext implements Context {
  readonly tokensPerSequence: number;
  readonly sequences: number;
  readonly batch: number;
  readonly outputs: number;
  readonly canShift: boolean;
  readonly rows: BatchRows;
  /** All passes so far, the failed ones too. */
  readonly passes: PassRecord[] = [];
  threads: number;
  readonly #kernels: FakeKernels;
  readonly #cells: readonly Cell[][];
  /** Sequences whose cells are going to be copied or turned by the next pass. */
  readonly #unsettled = new Set<number>();
  #state: 'idle' | 'running' | 'closed' = 'idle';
  /** Rows of the last pass by batch row: computed when asked for. */
  #wanted = new Map<number, { readonly state: number; readonly taint: number; row?: Row }>();
  /** Memory of rows, by the order in which they were asked for: what was lent is overwritten by the next pass. */
  readonly #buffers: Row[] = [];
  #lent = 0;

  constructor(options: ContextOptions, kernels: FakeKernels) {
    this.tokensPerSequence = options.tokensPerSequence;
    this.sequences = options.sequences;
    this.batch = options.batch;
    this.outputs = options.outputs;
    this.threads = options.threads;
    this.#kernels = kernels;
    this.canShift = kernels.canShift && kernels.canTrim;
    this.#cells = Array.from({ length: options.sequences }, () => []);
    this.rows = {
      token: new Int32Array(options.batch),
      position: new Int32Array(options.batch),
      sequence: new Int32Array(options.batch),
      output: new Int8Array(options.batch),
    };
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Tokens in the cache of a sequence. */
  lengthOf(sequence: number): number {
    return this.#cells[sequence]!.length;
  }

  /** The tokens in the cache of a sequence, by position. */
  tokensOf(sequence: number): number[] {
    return this.#cells[sequence]!.map(({ token }) => token);
  }

  decode(count: number): DecodeResult | Promise<DecodeResult> {
    this.#demandIdle('decode');
    const fits = this.#check(count);
    this.#poison();
    this.#unsettled.clear();
    const { elsewhere, fault } = this.#kernels;
    const number = this.passes.push(this.#record(count));
    const failure = fault(number) ?? (fits ? undefined : 'full');
    const over = elsewhere(number);
    return over === undefined ? this.#conclude(count, failure) : this.#decodeElsewhere(count, failure, over);
  }

  logits(i: number): Row {
    this.#demandIdle('logits');
    const wanted = this.#wanted.get(i);
    if (wanted === undefined) throw new Error(`fake context: row ${i} of the last pass has no logits`);
    if (wanted.row === undefined) {
      this.#buffers[this.#lent] ??= new Float32Array(this.#kernels.vocabularySize);
      wanted.row = this.#buffers[this.#lent++]!;
      this.#kernels.law.write(wanted.state, wanted.row);
      round(wanted.row, wanted.taint, this.#kernels.roundingSize);
    }
    return wanted.row;
  }

  trim(sequence: number, position: number): boolean {
    this.#demandIdle('trim');
    const cells = this.#cellsOf(sequence);
    demand(Number.isInteger(position) && position >= 0, `trim to position ${position}`);
    if (position >= cells.length) return true;
    if (position > 0 && !this.#kernels.canTrim) return false;
    cells.length = position;
    return true;
  }

  compact(sequence: number, kept: readonly CellRange[]): void {
    this.#demandIdle('compact');
    demand(this.canShift, 'compact where no cell can move');
    const cells = this.#cellsOf(sequence);
    let end = 0;
    for (const { from, length } of kept) {
      demand(from >= end && length >= 1 && from + length <= cells.length, `positions ${from} + ${length} are kept`);
      end = from + length;
    }
    if (kept.some(({ from }, i) => from > (i === 0 ? 0 : kept[i - 1]!.from + kept[i - 1]!.length))) {
      this.#unsettled.add(sequence);
    }
    cells.splice(0, Number.POSITIVE_INFINITY, ...kept.flatMap(({ from, length }) => cells.slice(from, from + length)));
  }

  copy(from: number, to: number): void {
    this.#demandIdle('copy');
    this.#unsettled.add(from).add(to);
    this.#cellsOf(to).splice(0, Number.POSITIVE_INFINITY, ...this.#cellsOf(from));
  }

  async save(sequence: number): Promise<SequenceState> {
    this.#demandIdle('save');
    demand(!this.#unsettled.has(sequence), `sequence ${sequence} is saved before it was copied or turned`);
    const cells = this.#cellsOf(sequence);
    const values = cells.flatMap(({ token, state, taint }) => [token, state, taint]);
    return { bytes: new Uint8Array(Int32Array.from(values).buffer), length: cells.length };
  }

  async restore(sequence: number, { bytes, length }: SequenceState): Promise<boolean> {
    this.#demandIdle('restore');
    demand(!this.#unsettled.has(sequence), `sequence ${sequence} is restored before it was copied or turned`);
    if (!this.#kernels.canRestore) return this.trim(sequence, 0) && false;
    const values = new Int32Array(bytes.buffer);
    const cells = Array.from({ length }, (_, i) => {
      const [token, state, taint] = values.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      return { token, state, taint };
    });
    this.#cellsOf(sequence).splice(0, Number.POSITIVE_INFINITY, ...cells);
    return true;
  }

  setThreads(threads: number): void {
    this.#demandIdle('setThreads');
    this.threads = threads;
  }

  close(): void {
    demand(this.#state !== 'running', 'close while a pass runs');
    this.#state = 'closed';
  }

  #demandIdle(call: string): void {
    demand(this.#state === 'idle', `${call} while ${this.#state}`);
  }

  #cellsOf(sequence: number): Cell[] {
    const cells = this.#cells[sequence];
    if (cells === undefined) throw new Error(`fake context: sequence ${sequence} is not in 0..${this.sequences - 1}`);
    return cells;
  }

  /** False: a sequence would outgrow its cells. */
  #check(count: number): boolean {
    demand(Number.isInteger(count) && count >= 1 && count <= this.batch, `a pass of ${count} rows`);
    const { token, position, sequence, output } = this.rows;
    const lengths = this.#cells.map(({ length }) => length);
    let outputs = 0;
    for (let i = 0; i < count; i++) {
      const of = sequence[i]!;
      void this.#cellsOf(of);
      demand(token[i]! >= 0 && token[i]! < this.#kernels.vocabularySize, `row ${i} is token ${token[i]}`);
      demand(position[i] === lengths[of], `row ${i} is position ${position[i]} of sequence ${of}, not ${lengths[of]}`);
      lengths[of]! += 1;
      outputs += output[i]!;
    }
    demand(outputs <= this.outputs, `${outputs} rows with logits`);
    return lengths.every((length) => length <= this.tokensPerSequence);
  }

  async #decodeElsewhere(count: number, failure: Failure, over: Promise<unknown>): Promise<DecodeResult> {
    const asked = this.#snapshot(count);
    this.#state = 'running';
    await over;
    this.#state = 'idle';
    demand(this.#snapshot(count) === asked, 'the batch was written while its pass ran');
    return this.#conclude(count, failure);
  }

  #record(count: number): PassRecord {
    const parts: { sequence: number; position: number; rows: number }[] = [];
    let outputs = 0;
    for (let i = 0; i < count; i++) {
      const sequence = this.rows.sequence[i]!;
      const part = parts.find((known) => known.sequence === sequence);
      if (part === undefined) parts.push({ sequence, position: this.rows.position[i]!, rows: 1 });
      else part.rows += 1;
      outputs += this.rows.output[i]!;
    }
    return { rows: count, outputs, parts };
  }

  #conclude(count: number, failure: Failure): DecodeResult {
    if (failure instanceof Error) throw failure;
    if (failure !== undefined) return failure;
    const { parts } = this.passes.at(-1)!;
    const next = new Map(parts.map(({ sequence, rows }) => [sequence, { rows, index: 0 }]));
    for (let i = 0; i < count; i++) {
      const sequence = this.rows.sequence[i]!;
      const place = next.get(sequence)!;
      const depth = this.lengthOf(sequence);
      this.#append(i, { passRows: count, sequences: parts.length, rows: place.rows, index: place.index++, depth });
    }
    return 'done';
  }

  #append(i: number, shape: RowShape): void {
    const cells = this.#cellsOf(this.rows.sequence[i]!);
    const token = this.rows.token[i]!;
    const before = cells.at(-1) ?? { state: 0, taint: 0 };
    const state = this.#kernels.law.follow(before.state, token);
    const tainted = taint(before.taint, this.#kernels.rounding(shape));
    cells.push({ token, state, taint: tainted });
    if (this.rows.output[i] === 1) this.#wanted.set(i, { state, taint: tainted });
  }

  #poison(): void {
    for (let i = 0; i < this.#lent; i++) this.#buffers[i]!.fill(Number.NaN);
    this.#lent = 0;
    this.#wanted = new Map();
  }

  #snapshot(count: number): string {
    const { token, position, sequence, output } = this.rows;
    return [token, position, sequence, output].map((values) => values.subarray(0, count).join()).join(';');
  }
}

function demand(held: boolean, breach: string): void {
  if (!held) throw new Error(`fake context: ${breach}`);
}
