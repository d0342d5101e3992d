/** A token id of the target's vocabulary. */
export type Token = number;

/**
 * A truncated law over tokens: `ids[i]` has probability `probabilities[i]`, every other token has 0.
 * The probabilities sum to 1 up to rounding, every listed one is positive, no id occurs twice, the order is free.
 */
export interface Distribution {
  readonly ids: ArrayLike<Token> & Iterable<Token>;
  readonly probabilities: ArrayLike<number> & Iterable<number>;
}

/** The law that is certain of one token. */
export function pointMass(id: Token): Distribution {
  return { ids: [id], probabilities: [1] };
}

/** The probability of one token, 0 where the law does not list it. */
export function probabilityOf(law: Distribution, id: Token): number {
  for (let i = 0; i < law.ids.length; i++) if (law.ids[i] === id) return law.probabilities[i]!;
  return 0;
}

/** The largest probability of the law: all that a length policy may know of it before a token is drawn. */
export function peakOf(law: Distribution): number {
  let peak = 0;
  for (let i = 0; i < law.ids.length; i++) peak = Math.max(peak, law.probabilities[i]!);
  return peak;
}

/**
 * The residual law: max(scale * p(x) - q(x), 0), normalised, and its mass before that.
 * `scale` is 1 in Leviathan et al. (2211.17192) and w_tau in block verification (Sun et al. 2403.10444).
 * Where rounding leaves no mass, p itself is the law (algorithms.md 1.5, 6).
 */
export function residual(p: Distribution, q: Distribution, scale = 1): { law: Distribution; mass: number } {
  const drafted = new Map<Token, number>();
  for (let i = 0; i < q.ids.length; i++) drafted.set(q.ids[i]!, q.probabilities[i]!);
  const ids: Token[] = [];
  const probabilities: number[] = [];
  let mass = 0;
  for (let i = 0; i < p.ids.length; i++) {
    const id = p.ids[i]!;
    const left = scale * p.probabilities[i]! - (drafted.get(id) ?? 0);
    if (left <= 0) continue;
    ids.push(id);
    probabilities.push(left);
    mass += left;
  }
  if (!(mass > 0)) return { law: p, mass: 0 };
  return { law: { ids, probabilities: probabilities.map((x) => x / mass) }, mass };
}

/** Inverse transform sampling: the token at which the running sum passes `u`, a number in [0, 1). */
export function drawBy(law: Distribution, u: number): Token {
  let left = u;
  for (let i = 0; i < law.ids.length; i++) {
    left -= law.probabilities[i]!;
    if (left < 0) return law.ids[i]!;
  }
  // Rounding can leave the sum short of u; the last listed token owns that sliver.
  return law.ids[law.ids.length - 1]!;
}
