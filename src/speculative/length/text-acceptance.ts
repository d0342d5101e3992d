import type { AcceptanceModel, DraftState } from './acceptance-model.js';

/** What the next drafted token's acceptance may turn out to be. */
export interface Outlook {
  /** Mean acceptance of each bin. */
  readonly means: readonly number[];
  /** Probability of each bin, by the draft's state. */
  readonly shares: readonly (readonly number[])[];
}

/** Variance of texts around what holds for all of them, in log-odds, and how much of it comes back with each token. */
const VARIANCE = 2;
const DRIFT = 0.04;
/** However a text begins, nothing is certain. */
const MOST = 5;
/** Nor is any token. */
const SURE = 0.995;

/**
 * How likely draft tokens are accepted in one text. Texts differ: the same confidence means one thing in a list and another
 * where the model rambles. So each has a bias of its own in log-odds, tracked by a Kalman filter (logistic regression with
 * one drifting intercept): it learns within a few tokens what no curve over all texts can know, and leaves that curve
 * alone.
 */
export class TextAcceptance {
  readonly #model: AcceptanceModel;
  #bias = 0;
  #variance = VARIANCE;

  constructor(model: AcceptanceModel) {
    this.#model = model;
  }

  /** Draft tokens of all texts that the model has learnt from. */
  get judged(): number {
    return this.#model.judged;
  }

  /** Calibrated probability that a token of this confidence is accepted, its predecessors being so. */
  probability(confidence: number): number {
    return this.#probabilityOf(this.#model.logOdds(confidence));
  }

  stateAfter(confidence: number | undefined): DraftState {
    return this.#model.stateAfter(confidence);
  }

  drafted(confidence: number, state: DraftState): void {
    this.#model.drafted(confidence, state);
  }

  /** A token of this confidence was judged: accepted, or the first to be rejected. */
  learn(confidence: number, accepted: boolean): void {
    const probability = this.probability(confidence);
    const error = probability - Number(accepted);
    const before = Math.min(VARIANCE, this.#variance + DRIFT);
    this.#variance = 1 / (1 / before + probability * (1 - probability));
    this.#bias = Math.min(MOST, Math.max(-MOST, this.#bias - this.#variance * error));
    // As sure as it may be and right: or a text without surprises would teach the curve that nothing surprises.
    const isExpected = Math.abs(error) <= 1 - SURE;
    this.#model.learn(confidence, isExpected ? 0 : error);
  }

  outlook(): Outlook {
    return {
      means: this.#model.logOddsOfBins.map((logOdds) => this.#probabilityOf(logOdds)),
      shares: this.#model.shares,
    };
  }

  #probabilityOf(logOdds: number): number {
    return Math.min(SURE, Math.max(1 - SURE, 1 / (1 + Math.exp(-logOdds - this.#bias))));
  }
}
