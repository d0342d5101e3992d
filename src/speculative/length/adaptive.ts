/**
 * The length of one drafter's part of a round, by measured cost and calibrated confidence (algorithms.md 2.3, 5): DSpark's
 * scheduler with an ordinary draft model that is calibrated online.
 */
import type { DraftingValue } from './drafting-value.js';
import type { Market, Prospect } from './market.js';
import type { DraftLength } from './policy.js';
import type { TextAcceptance } from './text-acceptance.js';

export interface AdaptiveParts {
  readonly market: Market;
  /** The draft so far; this adds to it. */
  readonly prospect: Prospect;
  readonly acceptance: TextAcceptance;
  /** The value of one more forward (draftingValue). */
  readonly value: DraftingValue;
  /** The drafter proposes no more than this. */
  readonly max: number;
}

export class AdaptiveRound implements DraftLength {
  /** What the acceptance of each token was judged by: its confidence, or under rejection the peak of its law. */
  readonly beliefs: number[] = [];
  readonly #parts: AdaptiveParts;

  constructor(parts: AdaptiveParts) {
    this.#parts = parts;
  }

  wants(confidences: readonly number[]): boolean {
    const { market, prospect, value, max } = this.#parts;
    if (market.rule === 'matching') this.hear(confidences);
    const k = prospect.length;
    if (k >= market.room || this.beliefs.length >= max) return false;
    const state = this.#parts.acceptance.stateAfter(this.beliefs.at(-1));
    const goOn = prospect.worth(k) + value(k, prospect.survival, state);
    return goOn > prospect.worth(prospect.best);
  }

  admits(peak: number): boolean {
    const { market, prospect, acceptance, value } = this.#parts;
    if (market.rule === 'matching') return true;
    const k = prospect.length;
    const survival = prospect.survival * acceptance.probability(peak);
    const price = market.speed * (market.verify[k + 2]! - market.verify[k + 1]!);
    if (survival - price + Math.max(0, value(k + 1, survival, acceptance.stateAfter(peak))) <= 0) return false;
    this.#add(peak);
    return true;
  }

  /** The draft has these tokens by now, also those that nobody asked for. */
  hear(confidences: readonly number[]): void {
    for (let i = this.beliefs.length; i < confidences.length; i++) this.#add(confidences[i]!);
  }

  #add(belief: number): void {
    const { acceptance, prospect } = this.#parts;
    acceptance.drafted(belief, acceptance.stateAfter(this.beliefs.at(-1)));
    this.beliefs.push(belief);
    prospect.add(acceptance.probability(belief));
  }
}
