import type { Token } from '../speculative/index.js';

/**
 * The tokens before the one to be drawn, and how often each occurs among the last `span` of them. The counts are kept
 * up to date in both directions, so a rewind is exact and costs only what it drops.
 */
export class History {
  readonly #tokens: Token[];
  readonly #counts = new Map<Token, number>();
  readonly #span: number;

  /** `span`: tokens in the counted window; Infinity counts all. */
  constructor(tokens: readonly Token[], span: number) {
    this.#tokens = [...tokens];
    this.#span = span;
    for (let i = Math.max(0, tokens.length - span); i < tokens.length; i++) this.#count(tokens[i]!, 1);
  }

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  /** Occurrences in the window; tokens that do not occur are absent. */
  get counts(): ReadonlyMap<Token, number> {
    return this.#counts;
  }

  push(token: Token): void {
    this.#tokens.push(token);
    this.#count(token, 1);
    const leaving = this.#tokens.length - 1 - this.#span;
    if (leaving >= 0) this.#count(this.#tokens[leaving]!, -1);
  }

  rewind(length: number): void {
    if (!(Number.isInteger(length) && length >= 0 && length <= this.#tokens.length)) {
      throw new RangeError(`cannot rewind a history of ${this.#tokens.length} tokens to ${length}`);
    }
    while (this.#tokens.length > length) {
      const last = this.#tokens.length - 1;
      this.#count(this.#tokens[last]!, -1);
      if (last >= this.#span) this.#count(this.#tokens[last - this.#span]!, 1);
      this.#tokens.length = last;
    }
  }

  /** Forgets `count` tokens from `from` on; those behind them move up. */
  drop(from: number, count: number): void {
    const behind = this.#tokens.slice(from + count);
    this.rewind(from);
    for (const token of behind) this.push(token);
  }

  #count(token: Token, change: 1 | -1): void {
    const count = (this.#counts.get(token) ?? 0) + change;
    if (count === 0) this.#counts.delete(token);
    else this.#counts.set(token, count);
  }
}
