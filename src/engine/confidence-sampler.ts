import type { Distribution, Row, Sampler, Token } from '../speculative/index.js';
import { logprobsOf } from './logprob-sampler.js';

/** A token with its writer's belief in it, in [0, 1]. */
export interface WrittenToken {
  readonly token: Token;
  readonly confidence: number;
}

/**
 * Notes how sure a model is of what it writes: the probability of each token under the softmax of its logits. The law that
 * tokens are drawn from would tell more of the request's temperature than of the model. Stands around the request's sampler,
 * as LogprobSampler does.
 */
export class ConfidenceSampler implements Sampler {
  readonly #inner: Sampler;
  readonly #dropped: () => number;
  readonly #start: number;
  readonly #written: WrittenToken[] = [];
  #state: 'watching' | 'done' = 'watching';
  #row: Row | undefined;

  /** @param dropped tokens of the text that the sampler has forgotten since */
  constructor(inner: Sampler, dropped: () => number) {
    this.#inner = inner;
    this.#dropped = dropped;
    this.#start = inner.length;
  }

  /** All tokens behind what the sampler began with, until `stop`. */
  get written(): readonly WrittenToken[] {
    return this.#written;
  }

  /** Notes nothing from here on: each token costs as much as its law. */
  stop(): void {
    this.#state = 'done';
    this.#row = undefined;
  }

  get length(): number {
    return this.#inner.length;
  }

  law(row: Row): Distribution {
    if (this.#state === 'watching') this.#row = row;
    return this.#inner.law(row);
  }

  push(token: Token): void {
    if (this.#row !== undefined) {
      this.#written.push({ token, confidence: Math.exp(logprobsOf(this.#row, token, 0).logprob) });
      this.#row = undefined;
    }
    this.#inner.push(token);
  }

  rewind(length: number): void {
    const kept = this.#dropped() + length - this.#start;
    this.#written.length = Math.min(this.#written.length, Math.max(0, kept));
    this.#inner.rewind(length);
  }
}
