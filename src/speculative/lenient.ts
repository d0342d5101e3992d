import { type Distribution, peakOf, probabilityOf, type Token } from './distribution.js';
import type { Draft } from './drafter.js';
import type { Sampler } from './sampler.js';
import type { Row } from './sequence.js';
import type { Verdict } from './verify.js';

/** Medusa's own hard and entropy-dependent thresholds, which leniency 1 has. */
const EPSILON = 0.09;
const DELTA = 0.3;

/** Draws the target's own token at a position: with the position's noise, or always the likeliest. */
export type TargetDraw = (law: Distribution, position: number) => Token;

/**
 * Typical acceptance: as sample-and-match, but a draft token that is not what the target draws stays all the same where the
 * target finds it typical, p(x) > min(epsilon, delta exp(-H(p))) (Cai et al. 2401.10774, section 3.3.1, with epsilon and
 * delta over `leniency`). The surer the target is, the more a token must have. **Not lossless**: the text has neither the
 * target's law nor is it repeatable, since it depends on what was drafted.
 *
 * What one leniency accepts of a draft, a greater one accepts too.
 *
 * @param leniency in (0, 1]: towards 0 only what matches is accepted, 1 is Medusa's default
 */
export function verifyLeniently(
  rows: readonly Row[],
  draft: Draft,
  sampler: Sampler,
  leniency: number,
  draw: TargetDraw,
): Verdict {
  const laws: Distribution[] = [];
  for (let i = 0; ; i++) {
    const p = sampler.law(rows[i]!);
    laws.push(p);
    const token = draw(p, sampler.length);
    const drafted = draft.tokens[i];
    const stays = drafted !== undefined && (drafted === token || isTypical(drafted, p, leniency));
    sampler.push(stays ? drafted : token);
    if (!stays) return { accepted: i, next: token, laws };
  }
}

function isTypical(token: Token, law: Distribution, leniency: number): boolean {
  const probability = probabilityOf(law, token);
  return probability * leniency > Math.min(EPSILON, DELTA * Math.exp(-entropyOf(law)));
}

/** In nats. */
function entropyOf({ probabilities }: Distribution): number {
  let entropy = 0;
  for (let i = 0; i < probabilities.length; i++) entropy -= probabilities[i]! * Math.log(probabilities[i]!);
  return entropy;
}

/** The likeliest token of a law, of equals the one with the lowest id: what temperature 0 leaves of it. */
export function likeliestOf(law: Distribution): Token {
  const peak = peakOf(law);
  let likeliest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < law.ids.length; i++) {
    if (law.probabilities[i] === peak) likeliest = Math.min(likeliest, law.ids[i]!);
  }
  return likeliest;
}
