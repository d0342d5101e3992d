import type { Distribution, Row, Sampler, Token } from '../speculative/index.js';

/** Natural logarithms of a row's softmax. */
export interface RowLogprobs {
  readonly token: Token;
  readonly logprob: number;
  /** The likeliest tokens, most likely first; of two as likely the one with the smaller id. */
  readonly top: readonly { readonly token: Token; readonly logprob: number }[];
}

/**
 * Notes the log-probability of every token that the loop pushes behind a row, under the target's plain softmax, before any
 * sampling option. It stands around the request's sampler, so the loop and its rules know nothing of it; what speculation
 * judges are the same rows that plain decoding sees.
 */
export class LogprobSampler implements Sampler {
  readonly #inner: Sampler;
  readonly #alternatives: number;
  /** Rows that are lent at this moment, by position: a rule may look at several before it says which token comes. */
  readonly #rows = new Map<number, Row>();
  readonly #notes = new Map<number, RowLogprobs>();

  /** @param alternatives how many of the likeliest tokens are wanted */
  constructor(inner: Sampler, alternatives: number) {
    this.#inner = inner;
    this.#alternatives = alternatives;
  }

  get length(): number {
    return this.#inner.length;
  }

  law(row: Row): Distribution {
    this.#rows.set(this.length, row);
    return this.#inner.law(row);
  }

  push(token: Token): void {
    const row = this.#rows.get(this.length);
    if (row !== undefined) this.#notes.set(this.length, logprobsOf(row, token, this.#alternatives));
    this.#inner.push(token);
  }

  rewind(length: number): void {
    for (const position of this.#notes.keys()) if (position >= length) this.#notes.delete(position);
    this.#inner.rewind(length);
  }

  /** What was noted at a position, once; rows that were lent before are given up. */
  take(position: number): RowLogprobs | undefined {
    this.#rows.clear();
    const note = this.#notes.get(position);
    this.#notes.delete(position);
    return note;
  }
}

/** The log-probabilities of a token and of so many of the likeliest ones, under the softmax of the row. */
export function logprobsOf(row: Row, token: Token, alternatives: number): RowLogprobs {
  const top = likeliest(row, Math.max(1, alternatives));
  const peak = row[top[0]!]!;
  let sum = 0;
  for (const logit of row) sum += Math.exp(logit - peak);
  const normaliser = peak + Math.log(sum);
  const logprob = (of: Token): number => row[of]! - normaliser;
  const listed = top.slice(0, alternatives);
  return { token, logprob: logprob(token), top: listed.map((of) => ({ token: of, logprob: logprob(of) })) };
}

/** The `count` tokens with the largest logits, in order. */
function likeliest(row: Row, count: number): Token[] {
  const best: Token[] = [];
  for (let token = 0; token < row.length; token++) {
    const logit = row[token]!;
    if (best.length === count && !(logit > row[best[count - 1]!]!)) continue;
    let place = best.length;
    while (place > 0 && logit > row[best[place - 1]!]!) place -= 1;
    best.splice(place, 0, token);
    best.length = Math.min(best.length, count);
  }
  return best;
}
