import { type Distribution, probabilityOf } from './distribution.js';
import type { Draft } from './drafter.js';
import type { Verdict, Verification } from './verify.js';

/** Which rule judges the next round, and what it learns from each verdict. */
export interface RuleChoice {
  readonly current: Verification;
  observe(draft: Draft, verdict: Verdict): void;
}

/** Every round by the same rule. */
export function always(verification: Verification): RuleChoice {
  return { current: verification, observe: () => {} };
}

/** Positions that are measured before the first choice, and how quickly old ones are forgotten. */
const FIRST = 24;
const RATE = 1 / 64;
/** Rejection must accept this much more: it cannot cut a draft by the confidence in its drawn tokens. */
const MARGIN = 0.03;

/**
 * Sample-and-match or a rejection rule, by what they would accept: both are measured on the same rows, from target's law p
 * and draft's law q at each judged position (algorithms.md 1.4). Rejection accepts with probability sum min(p, q); two
 * draws that share their noise agree with probability sum_x 1 / sum_z max(p_z / p_x, q_z / q_x) (Daliri, Musco, Suresh
 * 2408.07978). A text under rejection cannot be repeated by its seed, so this is for requests that gave none.
 */
export class MeasuredRule implements RuleChoice {
  readonly #match: Verification;
  readonly #rejection: Verification;
  #positions = 0;
  #gain = 0;

  constructor(match: Verification, rejection: Verification) {
    this.#match = match;
    this.#rejection = rejection;
  }

  get current(): Verification {
    return this.#positions >= FIRST && this.#gain > MARGIN ? this.#rejection : this.#match;
  }

  /** Mean of what rejection accepts more, as a probability a token. */
  get gain(): number {
    return this.#gain;
  }

  observe(draft: Draft, { laws }: Verdict): void {
    for (let i = 0; i < Math.min(laws.length, draft.tokens.length); i++) {
      const q = draft.laws?.[i];
      if (q === undefined) continue;
      this.#positions += 1;
      const gain = overlap(laws[i]!, q) - coupling(laws[i]!, q);
      this.#gain += Math.max(RATE, 1 / this.#positions) * (gain - this.#gain);
    }
  }
}

/** Probability that the token rule accepts a draw from q: 1 less the total variation distance. */
export function overlap(p: Distribution, q: Distribution): number {
  let sum = 0;
  for (let i = 0; i < p.ids.length; i++) sum += Math.min(p.probabilities[i]!, probabilityOf(q, p.ids[i]!));
  return sum;
}

/** Probability that draws from p and q with the same Gumbel noise are equal. */
export function coupling(p: Distribution, q: Distribution): number {
  const both: { readonly p: number; readonly q: number }[] = [];
  let onlyQ = 1;
  let onlyP = 0;
  for (let i = 0; i < p.ids.length; i++) {
    const drafted = probabilityOf(q, p.ids[i]!);
    if (drafted > 0) both.push({ p: p.probabilities[i]!, q: drafted });
    else onlyP += p.probabilities[i]!;
    onlyQ -= drafted;
  }
  // Tokens of one law alone count in every sum with that law's ratio.
  return both.reduce((sum, x) => {
    const shared = both.reduce((total, z) => total + Math.max(z.p / x.p, z.q / x.q), 0);
    return sum + 1 / (shared + onlyP / x.p + Math.max(0, onlyQ) / x.q);
  }, 0);
}
