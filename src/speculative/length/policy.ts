import type { DraftPrice, DrawRule, RoundOutcome } from '../drafter.js';

/** What a policy knows when a round begins. */
export interface RoundStart {
  /** At most this many tokens may be drafted: context, token limit and batch allow no more. */
  readonly room: number;
  readonly rule: DrawRule;
  /** Tokens of the context: the deeper, the dearer a pass. */
  readonly depth: number;
  /** What drafting would cost. */
  readonly price: DraftPrice;
}

/**
 * Decides how many tokens a round drafts. A public extension point: anything that keeps the contract below keeps the
 * target's law, whatever it decides (docs/extending.md).
 */
export interface LengthPolicy {
  readonly name: string;
  begin(start: RoundStart): RoundLength;
  /** Learns from a finished round, also from one without a draft. */
  observe(outcome: RoundOutcome): void;
}

/** What a drafter asks before every token: `wants`, then `admits`. */
export interface DraftLength {
  /**
   * Pay for another draft forward? `confidences` are the drafter's beliefs in the tokens drafted so far; nothing about
   * the next token is known yet.
   */
  wants(confidences: readonly number[]): boolean;
  /**
   * The law q of the next draft token is known, the token is not drawn yet: draft it? `peak` is the largest probability
   * of q. The answer may depend on nothing else about q's token: that is what keeps rejection and block verification
   * lossless (algorithms.md 2.3, 5).
   */
  admits(peak: number): boolean;
}

/**
 * The decisions of one round: those that the drafter asks for, then at the end once `keep`. `wants([])` is asked before the
 * drafter is called, and again by the drafter.
 */
export interface RoundLength extends DraftLength {
  /**
   * How many of the drafted tokens to verify (0 <= result <= confidences.length), now that q of each drawn token is
   * known. Asked only under matching rules: under rejection it would change the law (p = (.5, .5), q = (.8, .2), the
   * draft dropped whenever it is b: P(a) = .60).
   */
  keep(confidences: readonly number[]): number;
}
