/** What is known of acceptance by confidence, in a form that can be stored. */
export interface AcceptanceState {
  /** Weights of the logistic curve: bias and logit of the confidence; and AdaGrad's sums of squares. */
  readonly weights: readonly [number, number];
  readonly squares: readonly [number, number];
  /**
   * Histograms of confidence over the bins, exponentially forgotten: behind a token of each bin, and at the beginning of a
   * draft; row after row. And the mean logit within each bin.
   */
  readonly counts: readonly number[];
  readonly logits: readonly number[];
  /** Draft tokens that were judged. */
  readonly judged: number;
}

/** What is known of a draft's next token before it is there: the bin of its last token, or that it has none. */
export type DraftState = number;

/** Upper borders of all bins of confidence but the last. */
const EDGES = [0.4, 0.6, 0.8, 0.9, 0.97, 0.995];
const BINS = EDGES.length + 1;
/** The state of a draft without tokens, beside those behind a token of each bin. */
const START: DraftState = BINS;
const RATE = 0.25;
const FORGET_SQUARES = 0.999;
const FORGET_COUNTS = 0.98;
const MEAN_RATE = 0.05;
/** Hopeful: a draft that nobody has seen yet is tried where a good one would pay; what that may lose, the ledger bounds. */
const HOPE = [0.3, 0.3, 0.5, 0.6, 1, 1.5, 2.8];
/** Easy tokens come in stretches, and so do hard ones. */
const STRETCH = 3;

const COLD: AcceptanceState = {
  weights: [-0.3, 0.8],
  squares: [1, 1],
  counts: [...HOPE.flatMap((_, bin) => HOPE.map((hope, next) => 0.5 * hope + (next === bin ? STRETCH : 0))), ...HOPE],
  logits: [-1.1, 0, 0.85, 1.8, 2.75, 4.2, 6],
  judged: 0,
};

/**
 * How likely a draft token is accepted, given the drafter's confidence in it, over all texts: a logistic curve over
 * logit(confidence), fitted online by AdaGrad (algorithms.md 2.3, 2); and how confidence goes on from token to token. What
 * is particular to a text, TextAcceptance adds.
 */
export class AcceptanceModel {
  readonly #weights: [number, number];
  readonly #squares: [number, number];
  readonly #counts: number[];
  readonly #logits: number[];
  #judged: number;

  constructor(state: AcceptanceState = COLD) {
    this.#weights = [...state.weights];
    this.#squares = [...state.squares];
    this.#counts = [...state.counts];
    this.#logits = [...state.logits];
    this.#judged = state.judged;
  }

  /** Draft tokens that this has learnt from. */
  get judged(): number {
    return this.#judged;
  }

  /** Log-odds that a token of this confidence is accepted, its predecessors being so. */
  logOdds(confidence: number): number {
    return this.#logOddsAt(logit(confidence));
  }

  /** The log-odds of each bin's mean confidence. */
  get logOddsOfBins(): number[] {
    return this.#logits.map((mean) => this.#logOddsAt(mean));
  }

  /** The state of a draft whose last token has this confidence; of one without tokens. */
  stateAfter(confidence: number | undefined): DraftState {
    return confidence === undefined ? START : binOf(confidence);
  }

  /** A token of this confidence was drafted in a draft of that state, whatever became of it. */
  drafted(confidence: number, state: DraftState): void {
    const bin = binOf(confidence);
    for (let i = 0; i < BINS; i++) this.#counts[BINS * state + i]! *= FORGET_COUNTS;
    this.#counts[BINS * state + bin]! += 1;
    this.#logits[bin]! += MEAN_RATE * (logit(confidence) - this.#logits[bin]!);
  }

  /** Probability of each bin for the next token, by the draft's state. */
  get shares(): readonly (readonly number[])[] {
    return Array.from({ length: BINS + 1 }, (_, state) => {
      const row = this.#counts.slice(BINS * state, BINS * (state + 1));
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => count / total);
    });
  }

  /**
   * A token of this confidence was judged; `error` is the probability that it was given less what became of it, 0 where
   * that teaches nothing.
   */
  learn(confidence: number, error: number): void {
    this.#judged += 1;
    if (error === 0) return;
    const features = [1, logit(confidence)] as const;
    for (const i of [0, 1] as const) {
      const gradient = error * features[i];
      this.#squares[i] = FORGET_SQUARES * this.#squares[i] + gradient * gradient;
      this.#weights[i] -= (RATE * gradient) / Math.sqrt(this.#squares[i]);
    }
  }

  toJSON(): AcceptanceState {
    return {
      weights: [...this.#weights],
      squares: [...this.#squares],
      counts: [...this.#counts],
      logits: [...this.#logits],
      judged: this.#judged,
    };
  }

  #logOddsAt(x: number): number {
    return this.#weights[0] + this.#weights[1] * x;
  }
}

function binOf(confidence: number): DraftState {
  return EDGES.filter((edge) => confidence >= edge).length;
}

function logit(confidence: number): number {
  const p = Math.min(0.998, Math.max(0.002, confidence));
  return Math.log(p / (1 - p));
}
