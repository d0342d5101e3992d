import type { Distribution, Token } from './distribution.js';
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
 *
 * A draft under matching has seen the noise of positions that the text has not reached, and what is measured depends on
 * that draft. If the rule of such a position depended on it, its token would no longer have the target's law. So a choice
 * holds only behind every position that a draft may have looked at when it was made.
 */
export class MeasuredRule implements RuleChoice {
  readonly #match: Verification;
  readonly #rejection: Verification;
  readonly #reach: number;
  #current: Verification;
  #positions = 0;
  #gain = 0;
  /** Tokens since the first round, and from which of them on another rule is going to hold. */
  #tokens = 0;
  #next: { readonly verification: Verification; readonly from: number } | undefined;

  /** @param reach the most tokens of a draft */
  constructor(match: Verification, rejection: Verification, reach: number) {
    this.#match = match;
    this.#rejection = rejection;
    this.#reach = reach;
    this.#current = match;
  }

  get current(): Verification {
    return this.#current;
  }

  /** Mean of what rejection accepts more, as a probability a token. */
  get gain(): number {
    return this.#gain;
  }

  observe(draft: Draft, { accepted, laws }: Verdict): void {
    for (let i = 0; i < Math.min(laws.length, draft.tokens.length); i++) {
      const q = draft.laws?.[i];
      if (q !== undefined) this.#measure(laws[i]!, q);
    }
    this.#tokens += accepted + 1;
    if (this.#next !== undefined && this.#tokens >= this.#next.from) {
      this.#current = this.#next.verification;
      this.#next = undefined;
    }
    const better = this.#positions >= FIRST && this.#gain > MARGIN ? this.#rejection : this.#match;
    // A choice that was made stands until it holds: to take it back would depend on what was looked at since.
    if (better !== this.#current) this.#next ??= { verification: better, from: this.#tokens + this.#reach };
  }

  #measure(p: Distribution, q: Distribution): void {
    this.#positions += 1;
    const shared = sharedOf(p, q);
    const gain = overlapOf(shared) - couplingOf(shared);
    this.#gain += Math.max(RATE, 1 / this.#positions) * (gain - this.#gain);
  }
}

/** Probability that the token rule accepts a draw from q: 1 less the total variation distance. */
export function overlap(p: Distribution, q: Distribution): number {
  return overlapOf(sharedOf(p, q));
}

/** Probability that draws from p and q with the same Gumbel noise are equal. */
export function coupling(p: Distribution, q: Distribution): number {
  return couplingOf(sharedOf(p, q));
}

/** The tokens that two laws have in common, and the mass of those that only one has. */
interface Shared {
  readonly both: readonly { readonly p: number; readonly q: number }[];
  readonly onlyP: number;
  readonly onlyQ: number;
}

/** In time linear in the laws: those that nothing truncates list the whole vocabulary. */
function sharedOf(p: Distribution, q: Distribution): Shared {
  const drafted = new Map<Token, number>();
  for (let i = 0; i < q.ids.length; i++) drafted.set(q.ids[i]!, q.probabilities[i]!);
  const both: { readonly p: number; readonly q: number }[] = [];
  let [onlyP, onlyQ] = [0, 1];
  for (let i = 0; i < p.ids.length; i++) {
    const [inP, inQ] = [p.probabilities[i]!, drafted.get(p.ids[i]!)];
    if (inQ === undefined) onlyP += inP;
    else {
      both.push({ p: inP, q: inQ });
      onlyQ -= inQ;
    }
  }
  return { both, onlyP, onlyQ: Math.max(0, onlyQ) };
}

function overlapOf({ both }: Shared): number {
  return both.reduce((sum, { p, q }) => sum + Math.min(p, q), 0);
}

/** The maximum is p's ratio for tokens of a larger p / q than that of x, and q's for the others: sorted, two sums do. */
function couplingOf({ both, onlyP, onlyQ }: Shared): number {
  const sorted = [...both].sort((x, z) => z.p * x.q - x.p * z.q);
  let before = onlyP;
  let behind = onlyQ + both.reduce((sum, { q }) => sum + q, 0);
  let equal = 0;
  for (const { p, q } of sorted) {
    before += p;
    behind -= q;
    equal += 1 / (before / p + behind / q);
  }
  return equal;
}
