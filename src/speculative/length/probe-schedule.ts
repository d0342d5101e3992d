/** Plain tokens before the first probe, and at most between two. */
const FIRST_GAP = 8;
const LAST_GAP = 256;
/** At most so many before the first probe of a text: what was useless for the last one may be right for this one. */
const TEXT_GAP = 16;

/**
 * When to try a drafter that is switched off: after 8 plain tokens, then after twice as many each time (algorithms.md
 * 2.3, 6).
 */
export class ProbeSchedule {
  #plainTokens = 0;
  #gap = FIRST_GAP;

  get isDue(): boolean {
    return this.#plainTokens >= this.#gap;
  }

  /** Tokens that came before count on: short texts are not probed each. */
  beginText(): void {
    this.#gap = Math.min(this.#gap, TEXT_GAP);
  }

  /** So many tokens came without a draft. */
  plain(tokens: number): void {
    this.#plainTokens += tokens;
  }

  probed(): void {
    this.#plainTokens = 0;
    this.#gap = Math.min(LAST_GAP, this.#gap * 2);
  }

  /** Drafting goes on by itself: the next pause begins with short gaps again. */
  drafted(): void {
    this.#plainTokens = 0;
    this.#gap = FIRST_GAP;
  }
}
