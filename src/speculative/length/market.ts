import type { DrawRule } from '../drafter.js';

/** What tokens and time are worth in a round (algorithms.md 2.3). Times in milliseconds. */
export interface Market {
  readonly rule: DrawRule;
  /** At most this many tokens may be drafted, guards included. */
  readonly room: number;
  /** Tokens that a millisecond is worth. */
  readonly speed: number;
  /** T(n): the time of verifying n rows, n from 0 (unused) to room + 1 at least. */
  readonly verify: readonly number[];
}

/**
 * A draft as it grows, whoever proposes its tokens. S is its survival after k tokens, the probability that all of them are
 * accepted; G the expected number of accepted ones. Verifying k tokens is worth G_k - speed T(k+1), the draft being paid.
 */
export class Prospect {
  readonly #market: Market;
  readonly #expected = [0];
  readonly #survival = [1];

  constructor(market: Market) {
    this.#market = market;
  }

  /** Tokens in the draft. */
  get length(): number {
    return this.#expected.length - 1;
  }

  /** S of the whole draft. */
  get survival(): number {
    return this.#survival[this.length]!;
  }

  /** A token more, of this probability of being accepted after its predecessors. */
  add(probability: number): void {
    const survival = this.survival * probability;
    this.#expected.push(this.#expected[this.length]! + survival);
    this.#survival.push(survival);
  }

  worth(tokens: number): number {
    return this.#expected[tokens]! - this.#market.speed * this.#market.verify[tokens + 1]!;
  }

  /** The number of tokens that is worth most. */
  get best(): number {
    let best = 0;
    for (let k = 1; k <= this.length; k++) if (this.worth(k) > this.worth(best)) best = k;
    return best;
  }

  /** The worth of the best beginning, if tokens of these probabilities came behind. */
  worthWith(probabilities: readonly number[]): { readonly worth: number; readonly tokens: number } {
    const { speed, verify } = this.#market;
    let [survival, expected] = [this.survival, this.#expected[this.length]!];
    let best = { worth: Number.NEGATIVE_INFINITY, tokens: 0 };
    for (const [i, probability] of probabilities.entries()) {
      survival *= probability;
      expected += survival;
      const worth = expected - speed * verify[this.length + i + 2]!;
      if (worth > best.worth) best = { worth, tokens: i + 1 };
    }
    return best;
  }
}
