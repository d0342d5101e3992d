import koffi from 'koffi';
import { OutriderError } from '../errors.js';
import type { Row } from '../speculative/index.js';
import type { Functions, Pointer } from './abi/v0.5.0/index.js';
import type { Handle } from './handle.js';

/**
 * The logits of the last pass as views without copies. llama.cpp keeps the wanted rows one after another in one buffer,
 * in batch order, and moves the buffer only when a pass wants more rows than any before. So one native view serves
 * until the buffer moves, and a view of each row is made once: a fresh view costs microseconds, and thousands of them
 * burden the garbage collector.
 */
export class LogitRows {
  readonly #functions: Functions;
  readonly #context: Handle;
  readonly #vocabularySize: number;
  /** For each row of the batch, its place among the wanted rows; `undefined` when it wanted none. */
  #places: (number | undefined)[] = [];
  #wanted = 0;
  #firstWanted = 0;
  #address: Pointer | undefined;
  #buffer: Float32Array = new Float32Array(0);
  #views: Float32Array[] = [];
  #located = false;

  constructor(functions: Functions, context: Handle, vocabularySize: number) {
    this.#functions = functions;
    this.#context = context;
    this.#vocabularySize = vocabularySize;
  }

  /** A pass begins: the rows of the one before are gone. */
  forget(): void {
    this.#wanted = 0;
    this.#places.length = 0;
    this.#located = false;
  }

  /** A pass of `count` rows has succeeded; those with `output` 1 have logits. */
  accept(output: Int8Array, count: number): void {
    for (let i = 0; i < count; i++) {
      if (output[i] === 0) {
        this.#places.push(undefined);
        continue;
      }
      if (this.#wanted === 0) this.#firstWanted = i;
      this.#places.push(this.#wanted++);
    }
  }

  /** @throws OutriderError backend_failed when batch row `i` of the last pass has no logits; closed */
  row(i: number): Row {
    const place = this.#places[i];
    void this.#context.pointer;
    if (place === undefined) {
      throw new OutriderError('backend_failed', `row ${i} of the last pass has no logits; ask for them in rows.output`);
    }
    if (!this.#located) this.#locate();
    const from = place * this.#vocabularySize;
    this.#views[place] ??= this.#buffer.subarray(from, from + this.#vocabularySize);
    return this.#views[place];
  }

  #locate(): void {
    const address = this.#functions.llama_get_logits_ith(this.#context.pointer, this.#firstWanted);
    if (address === null) throw new OutriderError('backend_failed', 'llama.cpp has no logits for the last pass');
    const length = this.#wanted * this.#vocabularySize;
    if (address !== this.#address || length > this.#buffer.length) {
      this.#address = address;
      this.#buffer = new Float32Array(koffi.view(address, length * Float32Array.BYTES_PER_ELEMENT));
      this.#views = [];
    }
    this.#located = true;
  }
}
