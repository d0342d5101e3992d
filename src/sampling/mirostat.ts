import type { Step } from './step.js';

/**
 * Mirostat 2.0 (Basu et al. 2007.14966): keeps tokens whose surprise is at most mu bits, and moves mu so that the
 * surprise of the drawn tokens tends to a target. Mu depends on the draws, so every position has its own and a rewind
 * finds it again.
 */
export class Mirostat {
  readonly #target: number;
  readonly #rate: number;
  /** Mu of each position from `#start` on; the last is that of the next token. */
  readonly #bounds: number[];
  #start: number;

  /** `target`: surprise in bits; `rate`: how fast mu follows; `start`: length of the history before the first draw. */
  constructor(target: number, rate: number, start: number) {
    this.#target = target;
    this.#rate = rate;
    this.#bounds = [2 * target];
    this.#start = start;
  }

  readonly step: Step = (candidates) => {
    const { sum } = candidates.weigh();
    candidates.keepFrom(candidates.peak() + Math.log(sum) - this.#bound() * Math.LN2, 1);
  };

  /** Moves on by a token of this probability under the position's law; undefined or 0 for one that was not drawn from it. */
  push(probability: number | undefined): void {
    const bound = this.#bound();
    this.#bounds.push(probability ? bound - this.#rate * (-Math.log2(probability) - this.#target) : bound);
  }

  rewind(length: number): void {
    this.#start = Math.min(this.#start, length);
    this.#bounds.length = Math.min(this.#bounds.length, length - this.#start + 1);
  }

  /** Tokens in the middle of the history are forgotten; the bound of the next token stays. */
  drop(from: number, count: number): void {
    const before = Math.min(count, Math.max(0, this.#start - from));
    this.#bounds.splice(Math.max(0, from - this.#start), count - before);
    this.#start -= before;
  }

  #bound(): number {
    return this.#bounds[this.#bounds.length - 1]!;
  }
}
