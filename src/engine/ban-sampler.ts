import { type Distribution, pointMass, type Row, type Sampler, type Token } from '../speculative/index.js';

/**
 * Bans tokens at single positions of the text: where one of them would begin a text that may not appear. The law there is
 * the sampler's own without them; it belongs to the position, so every draft is judged by it and every mode has it.
 */
export class BanSampler implements Sampler {
  readonly #inner: Sampler;
  readonly #bans = new Map<number, Set<Token>>();

  readonly #dropped: () => number;

  /** @param dropped tokens of the text that the sampler has forgotten: positions count them */
  constructor(inner: Sampler, dropped: () => number) {
    this.#inner = inner;
    this.#dropped = dropped;
  }

  get length(): number {
    return this.#inner.length;
  }

  /** How many tokens are banned at that position by now. */
  ban(position: number, token: Token): number {
    const banned = this.#bans.get(position) ?? new Set();
    this.#bans.set(position, banned.add(token));
    return banned.size;
  }

  law(row: Row): Distribution {
    const law = this.#inner.law(row);
    const banned = this.#bans.get(this.#dropped() + this.length);
    return banned === undefined ? law : without(law, row, banned);
  }

  push(token: Token): void {
    this.#inner.push(token);
  }

  rewind(length: number): void {
    this.#inner.rewind(length);
  }
}

function without(law: Distribution, row: Row, banned: ReadonlySet<Token>): Distribution {
  const ids: Token[] = [];
  const probabilities: number[] = [];
  let mass = 0;
  for (let i = 0; i < law.ids.length; i++) {
    if (banned.has(law.ids[i]!)) continue;
    ids.push(law.ids[i]!);
    probabilities.push(law.probabilities[i]!);
    mass += law.probabilities[i]!;
  }
  if (mass > 0) return { ids, probabilities: probabilities.map((probability) => probability / mass) };
  // Sampling left nothing else: the likeliest of all others.
  let best: Token | undefined;
  for (let token = 0; token < row.length; token++) {
    if (!banned.has(token) && (best === undefined || row[token]! > row[best]!)) best = token;
  }
  return best === undefined ? law : pointMass(best);
}
