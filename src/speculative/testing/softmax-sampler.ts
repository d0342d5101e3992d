import type { Distribution, Token } from '../distribution.js';
import type { Sampler } from '../sampler.js';
import type { Row } from '../sequence.js';

export interface SoftmaxSamplerOptions {
  readonly history?: readonly Token[];
  readonly temperature?: number;
  /** Only so many of the likeliest tokens; 1 is greedy. */
  readonly topK?: number;
  /** Subtracted from a token's logit for each time it stands in the last `PENALTY_WINDOW` tokens of the history. */
  readonly penalty?: number;
}

/** Short, so that a token leaving the window matters as much as one that enters it. */
const PENALTY_WINDOW = 3;

/** The plain softmax sampler: slow, obvious, and with one transform that looks at the history. */
export class SoftmaxSampler implements Sampler {
  readonly #history: Token[];
  readonly #temperature: number;
  readonly #topK: number;
  readonly #penalty: number;

  constructor({ history = [], temperature = 1, topK = Number.POSITIVE_INFINITY, penalty = 0 }: SoftmaxSamplerOptions) {
    this.#history = [...history];
    this.#temperature = temperature;
    this.#topK = topK;
    this.#penalty = penalty;
  }

  get length(): number {
    return this.#history.length;
  }

  get history(): readonly Token[] {
    return this.#history;
  }

  law(row: Row): Distribution {
    const window = this.#history.slice(-PENALTY_WINDOW);
    const weights = Array.from(row, (logit, id) => {
      const repeats = window.filter((token) => token === id).length;
      return { id, weight: Math.exp((logit - this.#penalty * repeats) / this.#temperature) };
    });
    weights.sort((a, b) => b.weight - a.weight);
    const kept = weights.slice(0, this.#topK);
    const sum = kept.reduce((total, { weight }) => total + weight, 0);
    return { ids: kept.map(({ id }) => id), probabilities: kept.map(({ weight }) => weight / sum) };
  }

  push(token: Token): void {
    this.#history.push(token);
  }

  rewind(length: number): void {
    if (!(length >= 0 && length <= this.length))
      throw new Error(`sampler contract: rewind ${this.length} to ${length}`);
    this.#history.length = length;
  }
}
