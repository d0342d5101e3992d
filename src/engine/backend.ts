import type { Row, Token } from '../speculative/index.js';

/** What the engine needs of the kernels; `src/llama` implements it, tests fake it. */
export interface Backend {
  /** Where the libraries came from and what they can do, for `inspect`. */
  readonly info: BackendInfo;
  readonly devices: readonly Device[];
  /**
   * Loads a model. `onProgress` hears fractions of 0..1. Aborting the signal ends the load with `aborted`.
   * @throws OutriderError model_not_found, model_invalid, memory_exceeded, aborted
   */
  loadModel(path: string, options: LoadOptions): Promise<Model>;
  /**
   * The file's metadata without loading weights; arrays are left out.
   * @throws OutriderError model_not_found, model_invalid
   */
  readMetadata(path: string): Promise<ReadonlyMap<string, string>>;
  /** What a model and one context of it would take, found out without allocating it. */
  estimate(path: string, placement: Placement, context: ContextOptions): Promise<MemoryEstimate>;
  /** Closes the models that are still open too. Idempotent. */
  close(): void;
}

/** Bytes by where they would lie; memory-mapped weights count as host memory. */
export interface MemoryEstimate {
  readonly host: MemoryParts;
  readonly gpu: MemoryParts;
}

export interface MemoryParts {
  readonly weightsBytes: number;
  readonly cacheBytes: number;
  readonly computeBytes: number;
}

export interface BackendInfo {
  readonly version: string;
  readonly directory: string;
  /** The npm package it came from, or `undefined` for a folder that the user named. */
  readonly package: string | undefined;
  /** llama_print_system_info: the processor features in use. */
  readonly system: string;
}

export interface Device {
  readonly name: string;
  readonly description: string;
  readonly kind: 'cpu' | 'gpu' | 'integrated-gpu' | 'accelerator';
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Where a model lives: on the processor alone, or with that many layers on the GPUs. */
export type Placement = { readonly on: 'cpu' } | { readonly on: 'gpu'; readonly layers: number | 'all' };

export interface LoadOptions {
  readonly placement: Placement;
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** A loaded model. Close its contexts before it; `close` closes those still open. */
export interface Model {
  readonly path: string;
  readonly description: string;
  readonly architecture: string;
  /** Bytes of all tensors. */
  readonly sizeBytes: number;
  readonly parameterCount: number;
  readonly layerCount: number;
  readonly trainedContext: number;
  /** Whether any suffix of a sequence can be dropped: false for recurrent and hybrid models. */
  readonly canTrim: boolean;
  readonly metadata: ReadonlyMap<string, string>;
  readonly vocabulary: Vocabulary;
  /** The file's own chat template (Jinja source), if any. */
  readonly chatTemplate: string | undefined;
  /** llama.cpp's own template for this model or for `name` ('chatml', ...); `undefined` if it knows none. */
  applyBuiltinTemplate(
    name: string | undefined,
    messages: readonly { role: string; content: string }[],
  ): string | undefined;
  createContext(options: ContextOptions): Promise<Context>;
  close(): void;
}

export type TokenKind = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

export interface Vocabulary {
  readonly size: number;
  /** LLAMA_VOCAB_TYPE, by its name in lower case without prefix: 'spm', 'bpe', 'wpm', ... */
  readonly type: string;
  readonly special: Readonly<Record<SpecialRole, Token | undefined>>;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  /** `parseSpecial`: text such as `<|user|>` becomes its control token. `addSpecial`: BOS/EOS as the model wants. */
  tokenize(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): Token[];
  /** The bytes of a token; control tokens have bytes only when `renderSpecial`. Cached: do not change the result. */
  bytes(token: Token, renderSpecial: boolean): Uint8Array;
  /** The token's text as the vocabulary stores it (with sentencepiece's or BPE's own marks). */
  text(token: Token): string;
  kind(token: Token): TokenKind;
  /** Ends the generation: end of text, of turn, of message (llama_vocab_is_eog). */
  isEndOfGeneration(token: Token): boolean;
}

export const SPECIAL_ROLES = [
  'bos',
  'eos',
  'eot',
  'sep',
  'nl',
  'pad',
  'mask',
  'fim_pre',
  'fim_suf',
  'fim_mid',
  'fim_pad',
  'fim_rep',
  'fim_sep',
] as const;
export type SpecialRole = (typeof SPECIAL_ROLES)[number];

/** What the keys and values of a cache are stored as; the quantised ones take a half to a quarter of f16. */
export const CACHE_TYPES = ['f32', 'f16', 'bf16', 'q8_0', 'q5_1', 'q5_0', 'q4_1', 'q4_0', 'iq4_nl'] as const;
export type CacheType = (typeof CACHE_TYPES)[number];

export interface ContextOptions {
  /** Cells of each sequence. */
  readonly tokensPerSequence: number;
  readonly sequences: number;
  /** The most rows in one decode (n_batch). */
  readonly batch: number;
  /** The most rows of a decode that may ask for logits (n_outputs_max): each costs 4 bytes times the vocabulary. */
  readonly outputs: number;
  /** The most rows of a prompt chunk in one pass (n_ubatch). */
  readonly microBatch: number;
  readonly threads: number;
  /**
   * What the context's threads do between passes. Those that spin for the next one begin it some 0.1 ms sooner, but take
   * the cores from another context's pass. Sleep unless said otherwise.
   */
  readonly betweenPasses?: 'spin' | 'sleep';
  /** Of the cached keys and of the values, f16 unless said otherwise. */
  readonly cacheTypeK?: CacheType;
  readonly cacheTypeV?: CacheType;
}

/** How a decode ended when it did not throw. `full`: no room in the cache. */
export type DecodeResult = 'done' | 'full' | 'aborted';

/**
 * A cache and the passes over it. One call at a time: the batcher above is its only user and its lock.
 * Fill `rows` [0, count) and call `decode(count)`; then `logits(i)` for each row i that asked for them.
 */
export interface Context {
  readonly tokensPerSequence: number;
  readonly sequences: number;
  readonly batch: number;
  readonly outputs: number;
  readonly threads: number;
  readonly rows: BatchRows;
  /**
   * Returns a value when the pass was short enough to run in place, a promise when it ran on another thread. Whatever
   * does not end as `done`, throws or rejects leaves the cache as it was.
   */
  decode(count: number): DecodeResult | Promise<DecodeResult>;
  /** Logits of batch row `i`, valid until the next decode of this context. Writable scratch. */
  logits(i: number): Row;
  /** Whether cells can move to other positions: then any part of a sequence can be dropped as well. */
  readonly canShift: boolean;
  /**
   * Leaves of a sequence only these ranges of its positions, in order and apart; they move up until they stand one behind the
   * other from position 0 on. The next decode turns their keys, which reads the keys of all sequences: neither `save` nor
   * `restore` before. Only where `canShift`.
   */
  compact(sequence: number, kept: readonly CellRange[]): void;
  /** Drops positions >= `position` of a sequence. False: this cache cannot drop a part (drop all of it instead). */
  trim(sequence: number, position: number): boolean;
  /** Copies all of sequence `from` onto `to`. The copy is made by the next decode: `save` and `restore` neither before. */
  copy(from: number, to: number): void;
  /** The cells of a sequence, as `restore` takes them back; its bytes are a copy. Counts as a call until it resolves. */
  save(sequence: number): Promise<SequenceState>;
  /** Puts saved cells of this context in place of all that a sequence holds. False: they were refused, it holds nothing. */
  restore(sequence: number, state: SequenceState): Promise<boolean>;
  setThreads(threads: number): void;
  close(): void;
}

/** Neighbouring positions of a sequence. */
export interface CellRange {
  readonly from: number;
  /** At least 1. */
  readonly length: number;
}

/** What a sequence's cells hold. */
export interface SequenceState {
  readonly bytes: Uint8Array;
  /** Tokens in the cells. */
  readonly length: number;
}

/** The batch of the next decode, as views over the C arrays: writing them costs no call. */
export interface BatchRows {
  readonly token: Int32Array;
  readonly position: Int32Array;
  readonly sequence: Int32Array;
  /** 1: this row's logits are wanted. */
  readonly output: Int8Array;
}
