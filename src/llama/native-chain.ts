import koffi from 'koffi';
import type { Functions, llama_token_data_array, Pointer } from './abi/v0.5.0/index.js';

/**
 * A step of llama.cpp's own sampler chain; names and meanings are those of `llama_sampler_init_*` in llama.h.
 * `lastN` counts tokens (0: off), `minKeep` is the fewest candidates left.
 */
export type NativeStep =
  | { readonly step: 'logit_bias'; readonly biases: readonly { readonly token: number; readonly bias: number }[] }
  | {
      readonly step: 'penalties';
      readonly lastN: number;
      readonly repeat: number;
      readonly frequency: number;
      readonly presence: number;
    }
  | {
      readonly step: 'dry';
      readonly multiplier: number;
      readonly base: number;
      readonly allowedLength: number;
      readonly lastN: number;
      /** Strings; any at all need `vocabulary` in the chain's options. */
      readonly breakers: readonly string[];
    }
  | { readonly step: 'top_n_sigma'; readonly n: number }
  | { readonly step: 'top_k'; readonly k: number }
  | { readonly step: 'typical' | 'top_p' | 'min_p'; readonly p: number; readonly minKeep: number }
  | {
      readonly step: 'xtc';
      readonly probability: number;
      readonly threshold: number;
      readonly minKeep: number;
      readonly seed: number;
    }
  | { readonly step: 'temp'; readonly temperature: number }
  | { readonly step: 'temp_ext'; readonly temperature: number; readonly delta: number; readonly exponent: number }
  | { readonly step: 'mirostat_v2'; readonly seed: number; readonly tau: number; readonly eta: number }
  | { readonly step: 'greedy' }
  | { readonly step: 'dist'; readonly seed: number };

/** What a chain leaves of a row of logits, in the order in which llama.cpp left it. */
export interface NativeCandidates {
  readonly ids: Int32Array;
  /** After the chain's edits. */
  readonly logits: Float32Array;
  /** Softmax of `logits` in double precision: the law that a final `dist` draws from. */
  readonly probabilities: Float64Array;
  /** The token that `greedy`, `dist` or `mirostat_v2` chose; `undefined` when no step chooses. */
  readonly selected: number | undefined;
}

export interface NativeChainOptions {
  readonly functions: Functions;
  readonly vocabularySize: number;
  /** llama_vocab, for the breakers of `dry`. */
  readonly vocabulary?: Pointer;
  readonly steps: readonly NativeStep[];
}

const BYTES_PER_CANDIDATE = 12;

/** llama.cpp's own sampler chain: the oracle that our samplers are tested and timed against. */
export class NativeChain {
  readonly #functions: Functions;
  readonly #vocabularySize: number;
  /** Rows of llama_token_data (id, logit, p), seen as ints and as floats. */
  readonly #ints: Int32Array;
  readonly #floats: Float32Array;
  readonly #candidates: llama_token_data_array;
  readonly #data: Pointer;
  #chain: Pointer | undefined;

  constructor({ functions, vocabularySize, vocabulary, steps }: NativeChainOptions) {
    this.#functions = functions;
    this.#vocabularySize = vocabularySize;
    // An ArrayBuffer's memory does not move, so its address holds as long as we hold the buffer.
    const memory = new ArrayBuffer(vocabularySize * BYTES_PER_CANDIDATE);
    this.#ints = new Int32Array(memory);
    this.#floats = new Float32Array(memory);
    this.#data = koffi.address(memory);
    this.#candidates = { data: this.#data, size: 0, selected: -1, sorted: false };
    this.#chain = functions.llama_sampler_chain_init({ no_perf: true });
    for (const step of steps) {
      functions.llama_sampler_chain_add(this.#chain, createStep(functions, step, vocabularySize, vocabulary ?? 0n));
    }
  }

  /** Tells the steps that remember (penalties, dry, mirostat) the token that was taken. */
  accept(token: number): void {
    this.#functions.llama_sampler_accept(this.#open(), token);
  }

  /** Forgets what was accepted, and starts random numbers again. */
  reset(): void {
    this.#functions.llama_sampler_reset(this.#open());
  }

  /** Runs the chain over a row of logits, one for each token of the vocabulary; the row stays as it is. */
  apply(logits: Float32Array): NativeCandidates {
    this.fill(logits);
    this.run();
    return this.read();
  }

  /** The first part of `apply`: copies a row into the candidates. Apart from the others for timing only. */
  fill(logits: Float32Array): void {
    const [ints, floats] = [this.#ints, this.#floats];
    if (logits.length !== this.#vocabularySize) {
      throw new RangeError(`expected ${this.#vocabularySize} logits, got ${logits.length}`);
    }
    for (let id = 0, at = 0; id < logits.length; id++, at += 3) {
      ints[at] = id;
      floats[at + 1] = logits[id] as number;
      floats[at + 2] = 0;
    }
  }

  /** The second part of `apply`: the native chain itself. */
  run(): void {
    const candidates = this.#candidates;
    candidates.data = this.#data;
    candidates.size = this.#vocabularySize;
    candidates.selected = -1;
    candidates.sorted = false;
    this.#functions.llama_sampler_apply(this.#open(), candidates);
  }

  /** The last part of `apply`: copies the surviving candidates out. */
  read(): NativeCandidates {
    const { size, selected, data } = this.#candidates;
    // Steps may move the start of `data` forward (xtc drops the best), or point it at a buffer of their own.
    const offset = Number((data as Pointer) - this.#data);
    const bytes = size * BYTES_PER_CANDIDATE;
    const own = offset >= 0 && offset + bytes <= this.#ints.byteLength;
    const memory = own ? this.#ints.buffer : koffi.view(data, bytes);
    const ints = new Int32Array(memory, own ? offset : 0, size * 3);
    const floats = new Float32Array(memory, own ? offset : 0, size * 3);
    const ids = Int32Array.from({ length: size }, (_, i) => ints[3 * i] as number);
    const left = Float32Array.from({ length: size }, (_, i) => floats[3 * i + 1] as number);
    return { ids, logits: left, probabilities: softmax(left), selected: selected < 0 ? undefined : ids[selected] };
  }

  /** Idempotent. */
  close(): void {
    if (this.#chain !== undefined) this.#functions.llama_sampler_free(this.#chain);
    this.#chain = undefined;
  }

  #open(): Pointer {
    if (this.#chain === undefined) throw new Error('the native chain is closed');
    return this.#chain;
  }
}

function createStep(functions: Functions, step: NativeStep, vocabularySize: number, vocabulary: Pointer): Pointer {
  switch (step.step) {
    case 'logit_bias':
      return functions.llama_sampler_init_logit_bias(vocabularySize, step.biases.length, step.biases);
    case 'penalties':
      return functions.llama_sampler_init_penalties(
        vocabularySize,
        step.lastN,
        step.repeat,
        step.frequency,
        step.presence,
      );
    case 'dry':
      if (step.breakers.length > 0 && vocabulary === 0n) throw new TypeError('breakers of dry need a vocabulary');
      return functions.llama_sampler_init_dry(
        vocabulary,
        step.multiplier,
        step.base,
        step.allowedLength,
        step.lastN,
        step.breakers,
        step.breakers.length,
      );
    case 'top_n_sigma':
      return functions.llama_sampler_init_top_n_sigma(step.n);
    case 'top_k':
      return functions.llama_sampler_init_top_k(step.k);
    case 'typical':
      return functions.llama_sampler_init_typical(step.p, step.minKeep);
    case 'top_p':
      return functions.llama_sampler_init_top_p(step.p, step.minKeep);
    case 'min_p':
      return functions.llama_sampler_init_min_p(step.p, step.minKeep);
    case 'xtc':
      return functions.llama_sampler_init_xtc(step.probability, step.threshold, step.minKeep, step.seed);
    case 'temp':
      return functions.llama_sampler_init_temp(step.temperature);
    case 'temp_ext':
      return functions.llama_sampler_init_temp_ext(step.temperature, step.delta, step.exponent);
    case 'mirostat_v2':
      return functions.llama_sampler_init_mirostat_v2(step.seed, step.tau, step.eta);
    case 'greedy':
      return functions.llama_sampler_init_greedy();
    case 'dist':
      return functions.llama_sampler_init_dist(step.seed);
  }
}

function softmax(logits: Float32Array): Float64Array {
  const top = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
