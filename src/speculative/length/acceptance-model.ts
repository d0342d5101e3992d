/** What is known of acceptance by confidence, in a form that can be stored. */
export interface AcceptanceState {
  /** Weights of the logistic curve: bias and logit of the confidence; and AdaGrad's sums of squares. */
  readonly weights: readonly [number, number];
  readonly squares: readonly [number, number];
  /**
   * Histograms of calibrated acceptance over the bins, exponentially forgotten: behind a token of each bin, and at the
   * beginning of a draft; row after row. And the mean within each bin.
   */
  readonly counts: readonly number[];
  readonly means: readonly number[];
  /** Draft tokens that were judged. */
  readonly judged: number;
}

/** What is known of a draft's next token before it is there: the bin of its last token, or that it has none. */
export type DraftState = number;

/** What the next drafted token's acceptance may turn out to be. */
export interface Outlook {
  /** Mean acceptance of each bin. */
  readonly means: readonly number[];
  /** Probability of each bin, by the draft's state. */
  readonly shares: readonly (readonly number[])[];
}

/** Upper borders of all bins but the last. */
const EDGES = [0.3, 0.5, 0.7, 0.85, 0.95];
const RATE = 0.25;
const FORGET_SQUARES = 0.999;
const FORGET_COUNTS = 0.98;
const MEAN_RATE = 0.05;

const BINS = EDGES.length + 1;
/** The state of a draft without tokens, beside those behind a token of each bin. */
const START = BINS;
/** Hopeful: a draft that nobody has seen yet is tried where a good one would pay; what that may lose, the ledger bounds. */
const HOPE = [0.3, 0.3, 0.4, 0.8, 1.6, 3.6];
/** Easy tokens come in stretches, and so do hard ones. */
const STRETCH = 3;

const COLD: AcceptanceState = {
  weights: [-0.3, 0.9],
  squares: [1, 1],
  counts: [...HOPE.flatMap((_, bin) => HOPE.map((hope, next) => 0.5 * hope + (next === bin ? STRETCH : 0))), ...HOPE],
  means: [0.18, 0.4, 0.6, 0.78, 0.9, 0.975],
  judged: 0,
};

/**
 * How likely a draft token is accepted, given the drafter's confidence in it: a logistic curve over logit(confidence),
 * fitted online by AdaGrad on every judged token (algorithms.md 2.3, 2), and how what it says goes on from token to token.
 */
export class AcceptanceModel {
  readonly #weights: [number, number];
  readonly #squares: [number, number];
  readonly #counts: number[];
  readonly #means: number[];
  #judged: number;

  constructor(state: AcceptanceState = COLD) {
    this.#weights = [...state.weights];
    this.#squares = [...state.squares];
    this.#counts = [...state.counts];
    this.#means = [...state.means];
    this.#judged = state.judged;
  }

  /** Draft tokens that this has learnt from. */
  get judged(): number {
    return this.#judged;
  }

  /** Calibrated probability that a token of this confidence is accepted, its predecessors being so. */
  probability(confidence: number): number {
    return clamp(1 / (1 + Math.exp(-this.#weights[0] - this.#weights[1] * logit(confidence))), 0.005, 0.995);
  }

  /** The state of a draft whose last token has this confidence; of one without tokens. */
  stateAfter(confidence: number | undefined): DraftState {
    return confidence === undefined ? START : binOf(this.probability(confidence));
  }

  /** A token of this confidence was drafted in a draft of that state, whatever became of it. */
  drafted(confidence: number, state: DraftState): void {
    const probability = this.probability(confidence);
    const bin = binOf(probability);
    for (let i = 0; i < BINS; i++) this.#counts[BINS * state + i]! *= FORGET_COUNTS;
    this.#counts[BINS * state + bin]! += 1;
    this.#means[bin]! += MEAN_RATE * (probability - this.#means[bin]!);
  }

  /** A token of this confidence was judged: accepted, or the first to be rejected. */
  learn(confidence: number, accepted: boolean): void {
    const features = [1, logit(confidence)] as const;
    const error = this.probability(confidence) - Number(accepted);
    for (const i of [0, 1] as const) {
      const gradient = error * features[i];
      this.#squares[i] = FORGET_SQUARES * this.#squares[i] + gradient * gradient;
      this.#weights[i] -= (RATE * gradient) / Math.sqrt(this.#squares[i]);
    }
    this.#judged += 1;
  }

  outlook(): Outlook {
    const rows = Array.from({ length: BINS + 1 }, (_, state) => this.#counts.slice(BINS * state, BINS * (state + 1)));
    const shares = rows.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => count / total);
    });
    return { means: [...this.#means], shares };
  }

  toJSON(): AcceptanceState {
    return {
      weights: [...this.#weights],
      squares: [...this.#squares],
      counts: [...this.#counts],
      means: [...this.#means],
      judged: this.#judged,
    };
  }
}

function binOf(probability: number): number {
  return EDGES.filter((edge) => probability >= edge).length;
}

function logit(confidence: number): number {
  const p = clamp(confidence, 0.003, 0.997);
  return Math.log(p / (1 - p));
}

function clamp(x: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, x));
}
