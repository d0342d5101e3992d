/**
 * Verification: the target's rows and a draft in, a verdict out. p is the target's law, q the draft's, as in
 * Leviathan et al. (2211.17192). Emission, stopping and statistics come after; here nothing is cut.
 *
 * Every rule but `lenient` keeps the target's law exactly. They differ in what they accept and in what they can repeat:
 * only `match` draws the target's token with position-keyed noise, so only it gives the same text for the same seed.
 */
import { type Distribution, drawBy, pointMass, probabilityOf, residual, type Token } from './distribution.js';
import type { Draft, DrawRule } from './drafter.js';
import { type TargetDraw, verifyLeniently } from './lenient.js';
import { drawShared, type Noise, type Random } from './random.js';
import type { Sampler } from './sampler.js';
import type { Row } from './sequence.js';

/** How drafts are judged. */
export type Verification =
  | { readonly rule: 'match'; readonly noise: Noise }
  | { readonly rule: 'rejection'; readonly random: Random }
  | { readonly rule: 'block'; readonly random: Random }
  | { readonly rule: 'lenient'; readonly leniency: number; readonly draw: TargetDraw };

/** How the drafter has to draw for a verification. */
export function drawRuleOf(verification: Verification): DrawRule {
  return verification.rule === 'rejection' || verification.rule === 'block' ? 'rejection' : 'matching';
}

export interface Verdict {
  /** Leading tokens of the draft that were accepted. */
  readonly accepted: number;
  /** The target's own token after them: recovered where a draft was rejected, bonus where all were accepted. */
  readonly next: Token;
  /** The target's laws at the positions that were looked at, in order; the last one judged is that of `accepted` or behind it. */
  readonly laws: readonly Distribution[];
}

/**
 * Judges a draft of k tokens against k + 1 rows; row i holds the logits of the position that draft token i stands at.
 * On entry the sampler's history is the context, on return it is the context with the accepted tokens and `next`.
 */
export function verify(rows: readonly Row[], draft: Draft, sampler: Sampler, verification: Verification): Verdict {
  switch (verification.rule) {
    case 'match':
      return verifyByMatch(rows, draft, sampler, verification.noise);
    case 'rejection':
      return verifyByRejection(rows, draft, sampler, verification.random);
    case 'block':
      return verifyByBlock(rows, draft, sampler, verification.random);
    case 'lenient':
      return verifyLeniently(rows, draft, sampler, verification.leniency, verification.draw);
  }
}

/**
 * Sample and match: the target draws its own token at every position, a draft token is accepted where it is the same.
 * Under a greedy law this is greedy verification. The draft may come from anywhere (algorithms.md 1.1, 1.3).
 */
export function verifyByMatch(rows: readonly Row[], draft: Draft, sampler: Sampler, noise: Noise): Verdict {
  const laws: Distribution[] = [];
  for (let i = 0; ; i++) {
    const p = sampler.law(rows[i]!);
    laws.push(p);
    const token = drawShared(p, noise, sampler.length);
    sampler.push(token);
    if (token !== draft.tokens[i]) return { accepted: i, next: token, laws };
  }
}

/** The token rule: accept x with probability min(1, p(x)/q(x)), else draw from the residual (2211.17192, algorithm 1). */
export function verifyByRejection(rows: readonly Row[], draft: Draft, sampler: Sampler, random: Random): Verdict {
  const laws: Distribution[] = [];
  const lawAt = (i: number): Distribution => {
    laws.push(sampler.law(rows[i]!));
    return laws[i]!;
  };
  const accept = (accepted: number, law: Distribution): Verdict => {
    const next = drawBy(law, random());
    sampler.push(next);
    return { accepted, next, laws };
  };
  for (let i = 0; i < draft.tokens.length; i++) {
    const token = draft.tokens[i]!;
    const p = lawAt(i);
    const q = lawOf(draft, i);
    if (random() * probabilityOf(q, token) >= probabilityOf(p, token)) return accept(i, residual(p, q).law);
    sampler.push(token);
  }
  return accept(draft.tokens.length, lawAt(draft.tokens.length));
}

/**
 * Block verification (Sun et al. 2403.10444, algorithm 2): the prefix is judged as a whole and never accepts less than
 * the token rule. There is no break at the first failure: the longest prefix whose own coin succeeds is taken.
 */
export function verifyByBlock(rows: readonly Row[], draft: Draft, sampler: Sampler, random: Random): Verdict {
  const k = draft.tokens.length;
  const base = sampler.length;
  const p: Distribution[] = [];
  for (let i = 0; i <= k; i++) {
    p.push(sampler.law(rows[i]!));
    if (i < k) sampler.push(draft.tokens[i]!);
  }
  const weight = prefixWeights(p, draft);
  let accepted = 0;
  for (let i = 1; i <= k; i++) {
    if (random() < acceptance(i, weight[i]!, p, draft)) accepted = i;
  }
  const law = accepted === k ? p[k]! : residual(p[accepted]!, lawOf(draft, accepted), weight[accepted]!).law;
  const next = drawBy(law, random());
  sampler.rewind(base + accepted);
  sampler.push(next);
  return { accepted, next, laws: p };
}

/** w_0 = 1, w_i = min(1, w_{i-1} p_i(x_i) / q_i(x_i)), the quotient's limit where q underflowed. */
function prefixWeights(p: readonly Distribution[], draft: Draft): number[] {
  const weight = [1];
  draft.tokens.forEach((token, i) => {
    const target = probabilityOf(p[i]!, token);
    const drafted = probabilityOf(lawOf(draft, i), token);
    weight.push(drafted > 0 ? Math.min(1, (weight[i]! * target) / drafted) : Number(weight[i]! * target > 0));
  });
  return weight;
}

/** h_i = Z_i / (Z_i + 1 - w_i) with Z_i the mass of the residual after i tokens; h_k = w_k; 0/0 is 1. */
function acceptance(i: number, weight: number, p: readonly Distribution[], draft: Draft): number {
  if (i === draft.tokens.length) return weight;
  const { mass } = residual(p[i]!, lawOf(draft, i), weight);
  const whole = mass + 1 - weight;
  return whole > 0 ? mass / whole : 1;
}

/** Given the draft, a token whose law nobody knows is certain: q is its point mass (algorithms.md 1.1). */
function lawOf(draft: Draft, i: number): Distribution {
  return draft.laws?.[i] ?? pointMass(draft.tokens[i]!);
}
