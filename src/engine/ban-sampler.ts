import type { Distribution, Row, Sampler, Token } from '../speculative/index.js';

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
    if (banned === undefined) return law;
    return without(law, banned) ?? this.#lawOfOthers(row, banned);
  }

  /** Sampling left nothing else: its law where none of them is a candidate of any step. The row is as it was afterwards. */
  #lawOfOthers(row: Row, banned: ReadonlySet<Token>): Distribution {
    const logits = Array.from(banned, (token) => row[token]!);
    for (const token of banned) row[token] = Number.NEGATIVE_INFINITY;
    try {
      return this.#inner.law(row);
    } finally {
      for (const [i, token] of [...banned].entries()) row[token] = logits[i]!;
    }
  }

  push(token: Token): void {
    this.#inner.push(token);
  }

  rewind(length: number): void {
    this.#inner.rewind(length);
  }
}

/** What was drawn and may not be is drawn again: the same law without it. */
function without({ ids, probabilities }: Distribution, banned: ReadonlySet<Token>): Distribution | undefined {
  const kept = Array.from(ids, (id, i) => (banned.has(id) ? [] : [i])).flat();
  const mass = kept.reduce((sum, i) => sum + probabilities[i]!, 0);
  if (mass <= 0) return undefined;
  return { ids: kept.map((i) => ids[i]!), probabilities: kept.map((i) => probabilities[i]! / mass) };
}
