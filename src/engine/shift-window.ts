import type { Noise, Token } from '../speculative/index.js';

export interface WindowOptions {
  /** Tokens that the context has room for. */
  readonly capacity: number;
  /** Tokens at the beginning that stay when something has to go; at most `capacity` - 2. */
  readonly keep: number;
}

/**
 * What the context holds of a text that may outgrow it: all of it at first; later its beginning, and its end. Positions of
 * the text count from its beginning, whatever has been dropped; places are those in the context.
 */
export class TextWindow {
  /** What the context holds. Whoever generates appends to it. */
  readonly context: Token[];
  readonly #options: WindowOptions;
  #dropped = 0;

  /** @param prompt fewer tokens than the context has room for */
  constructor(prompt: readonly Token[], options: WindowOptions) {
    this.context = [...prompt];
    this.#options = options;
  }

  /** Tokens that are gone. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Tokens of the whole text. */
  get length(): number {
    return this.#dropped + this.context.length;
  }

  /** Tokens that the context still has room for. */
  get room(): number {
    return this.#options.capacity - this.context.length;
  }

  /** Where a position of the text stands; `undefined` where the context does not hold it, or nothing before it. */
  placeOf(position: number): number | undefined {
    const place = position - this.#dropped;
    const first = this.#dropped === 0 ? 1 : Math.max(1, this.#options.keep);
    return place >= first && place < this.context.length ? place : undefined;
  }

  /** Drops the older half of what stands behind the beginning that stays, as llama.cpp does. */
  slide(): void {
    const { keep } = this.#options;
    const count = Math.ceil((this.context.length - keep) / 2);
    this.context.splice(keep, count);
    this.#dropped += count;
  }

  /** Noise by position of the text: what was drawn with before the text slid never comes again. */
  noise(of: Noise): Noise {
    return {
      exponential: (place, token) => of.exponential(this.#dropped + place, token),
      uniform: (place, lane) => of.uniform(this.#dropped + place, lane),
    };
  }
}
