/** Tokens that each text is believed for, and how much of what is known is forgotten with every round. */
const CREDIT = 1.5;
const FORGET = 0.04;

/**
 * How much of what a draft model's next draft promises it brings in this text. What drafts look like is learnt over all
 * texts, and stretches that are long in one text are short in the next: where it is asked round after round, each time for
 * a forward that shows nothing worth verifying, its promises count for less. What is known fades, so it is asked again.
 */
export class TrackRecord {
  #promised = CREDIT;
  #brought = CREDIT;

  /** What is believed of a promise, in [0, 1]. */
  get trust(): number {
    return Math.min(1, Math.max(0, this.#brought / this.#promised));
  }

  /** A draft promised so many tokens beyond its price, and then, as its confidences were known, was worth so many. */
  add(promised: number, brought: number): void {
    this.#promised += promised;
    this.#brought += brought;
  }

  /** A round is over. */
  fade(): void {
    this.#promised += FORGET * (CREDIT - this.#promised);
    this.#brought += FORGET * (CREDIT - this.#brought);
  }
}
