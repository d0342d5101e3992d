import { type Distribution, probabilityOf, type Row, type Sampler, type Token } from '../speculative/index.js';
import { logprobsOf } from './logprob-sampler.js';

/** A token with its writer's belief in it, in [0, 1]. */
export interface WrittenToken {
  readonly token: Token;
  readonly confidence: number;
}

/**
 * By what a writer's belief in its tokens is told. `law`: the law that they are drawn from. `softmax`: that of the logits,
 * since a law that leaves only the likeliest token tells nothing.
 */
export type ConfidenceSource = 'law' | 'softmax';

/** Notes how sure a model is of what it writes. Stands around the request's sampler, as LogprobSampler does. */
export class ConfidenceSampler implements Sampler {
  readonly #inner: Sampler;
  readonly #source: ConfidenceSource;
  readonly #start: number;
  readonly #written: WrittenToken[] = [];
  #confidence: (token: Token) => number = () => 0;

  constructor(inner: Sampler, source: ConfidenceSource) {
    this.#inner = inner;
    this.#source = source;
    this.#start = inner.length;
  }

  /** All tokens behind what the sampler began with. */
  get written(): readonly WrittenToken[] {
    return this.#written;
  }

  get length(): number {
    return this.#inner.length;
  }

  law(row: Row): Distribution {
    const law = this.#inner.law(row);
    this.#confidence =
      this.#source === 'law'
        ? (token) => probabilityOf(law, token)
        : (token) => Math.exp(logprobsOf(row, token, 0).logprob);
    return law;
  }

  push(token: Token): void {
    this.#written.push({ token, confidence: this.#confidence(token) });
    this.#inner.push(token);
  }

  rewind(length: number): void {
    this.#written.length = Math.min(this.#written.length, Math.max(0, length - this.#start));
    this.#inner.rewind(length);
  }
}
