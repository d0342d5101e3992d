import { OutriderError } from '../errors.js';
import { ALONE, type Companions, type Row, type Sequence, type Token } from '../speculative/index.js';
import type { CacheText, ReuseKind } from './slots-reuse.js';

/** What a sequence asks of the batcher: evaluate everything that the cache lacks, then look at the last rows. */
export interface Job {
  readonly sequence: CachedSequence;
  readonly rows: number;
  /** Passes in a row that had no room for it. The batcher's to change. */
  passedOver: number;
  /** When it was asked for, or its last pass ended, in milliseconds of the batcher's clock. The batcher's to change. */
  since: number;
  /** All rows are there: look at them, once, before the next pass. */
  readonly finish: (rows: readonly Row[]) => void;
  readonly fail: (error: unknown) => void;
}

/** A job of more tokens is the evaluation of a text; a verification has fewer. */
export const SHORT = 64;

export interface SequenceOptions {
  /** The most tokens it may hold, within the context's cells. */
  readonly capacity: number;
  /** Tokens before this position are the prompt; strict passes evaluate them in a class of their own. */
  readonly promptLength: number;
  /** Which cells it may begin with, default those in place: what is judged or promised bit for bit takes no others. */
  readonly reuse?: ReuseKind;
  readonly signal?: AbortSignal | undefined;
  /** Hears how many tokens of a long evaluation are done. */
  readonly onProgress?: ((evaluated: number, total: number, cached: number) => void) | undefined;
}

/** What the cache has of a sequence's text before anything of it is evaluated. */
export interface CachedBeginning {
  readonly tokens: readonly Token[];
  /** Leading tokens of them that are in place, as CacheText has it. */
  readonly inPlace: number;
}

/**
 * A sequence of a context: the tokens it should hold, and how many of them its cache does hold. A rewind only says what
 * should be; the batcher brings the cache in line before the next pass, when nobody else is using the context.
 */
export class CachedSequence implements Sequence {
  readonly id: number;
  readonly options: SequenceOptions;
  readonly tokens: Token[];
  /** Leading tokens whose cells are valid. The batcher's to change. */
  cached: number;
  /** Of them, those that were there before this sequence, and of these the ones that are not in place (CacheText). */
  reused: number;
  shifted: number;
  /** Tokens of its passes so far, those included that were taken back. The batcher's to change. */
  evaluated = 0;
  /** Leading tokens that are in place; everything behind a shifted cell is not. */
  #inPlace: number;
  /** The cache may hold cells behind `cached` that have to go first: from the beginning those of whoever was here. */
  trimPending = true;
  /** Rows of its last pass, and that pass's number: what others have to reckon with. The batcher's to change. */
  lastRows = 0;
  lastPass = 0;
  /** Who was in the passes of its last evaluation beside it. The batcher's to change. */
  lastCompanions: Companions = ALONE.inLastPass();
  #state: 'idle' | 'announced' | 'evaluating' | 'closed' = 'idle';
  readonly #submit: (job: Job) => void;
  readonly #release: (sequence: CachedSequence) => void;

  constructor(
    id: number,
    options: SequenceOptions,
    { tokens, inPlace }: CachedBeginning,
    submit: (job: Job) => void,
    release: (sequence: CachedSequence) => void,
  ) {
    this.id = id;
    this.options = options;
    this.tokens = [...tokens];
    this.cached = tokens.length;
    this.reused = tokens.length;
    this.shifted = tokens.length - inPlace;
    this.#inPlace = this.shifted > 0 ? inPlace : Number.POSITIVE_INFINITY;
    this.#submit = submit;
    this.#release = release;
  }

  get length(): number {
    return this.tokens.length;
  }

  /** What the cache has of it that whoever comes next may use. */
  get cacheText(): CacheText {
    const { tokens, cached, options } = this;
    return { tokens: tokens.slice(0, cached), promptLength: options.promptLength, inPlace: this.#inPlace };
  }

  /** Its cells are gone, or never came: all is evaluated again. The batcher's to call. */
  holdsNothing(): void {
    // What was rewound and evaluated since is no part of what it began with.
    if (this.cached === this.reused) {
      this.reused = 0;
      this.shifted = 0;
    }
    this.cached = 0;
    this.#inPlace = Number.POSITIVE_INFINITY;
  }

  /** Past its prompt, a few tokens at a time: somebody is waiting for each pass. */
  get isGenerating(): boolean {
    return this.cached >= Math.max(1, this.options.promptLength) && this.length - this.cached <= SHORT;
  }

  /** Whether a pass that others want should wait for it, since all share one. */
  get isAnnounced(): boolean {
    return this.#state === 'announced';
  }

  /** Says that an evaluation follows shortly: a draft is being made for it. Every way on from there ends that. */
  announce(): void {
    if (this.#state === 'idle') this.#state = 'announced';
  }

  get capacity(): number {
    return this.options.capacity;
  }

  evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T> {
    const before = this.tokens.length;
    const problem = this.#problemOf(tokens, rows);
    if (this.#state === 'announced') this.#state = 'idle';
    if (problem !== undefined) return Promise.reject(problem);
    for (const token of tokens) this.tokens.push(token);
    this.#state = 'evaluating';
    this.lastCompanions = ALONE.inLastPass();
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.#leaveEvaluation();
        this.rewind(before);
        reject(error);
      };
      const finish = (seen: readonly Row[]): void => {
        this.#leaveEvaluation();
        try {
          resolve(read(seen));
        } catch (error) {
          fail(error);
        }
      };
      this.#submit({ sequence: this, rows, passedOver: 0, since: 0, finish, fail });
    });
  }

  rewind(length: number): void {
    if (this.#state === 'evaluating') throw new Error('a sequence that is being evaluated cannot be rewound; await it');
    if (!(length >= 0 && length <= this.tokens.length)) {
      throw new RangeError(`rewind: expected a length from 0 to ${this.tokens.length}, got ${length}`);
    }
    this.tokens.length = length;
    if (this.cached > length) {
      this.cached = length;
      this.trimPending = true;
      if (length <= this.#inPlace) this.#inPlace = Number.POSITIVE_INFINITY;
    }
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#release(this);
  }

  #leaveEvaluation(): void {
    if (this.#state === 'evaluating') this.#state = 'idle';
  }

  #problemOf(tokens: readonly Token[], rows: number): Error | undefined {
    if (this.#state === 'closed') return new OutriderError('closed', 'this sequence is closed');
    if (this.#state === 'evaluating') return new Error('a sequence evaluates one batch at a time; await the last one');
    if (tokens.length === 0 || rows < 0 || rows > tokens.length) {
      return new RangeError(
        `evaluate: expected at least one token and at most as many rows, got ${tokens.length} and ${rows}`,
      );
    }
    if (this.length + tokens.length > this.capacity) {
      return new OutriderError(
        'context_exceeded',
        `${this.length + tokens.length} tokens do not fit a context of ${this.capacity}; shorten the prompt or raise --ctx-size`,
      );
    }
    return undefined;
  }
}
