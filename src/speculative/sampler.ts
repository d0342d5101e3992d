import type { Distribution, Token } from './distribution.js';
import type { Row } from './sequence.js';

/**
 * Turns logits into the law that a token is drawn from, given the tokens before it.
 *
 * It owns the history that penalties look at: prompt and output so far, drafts included while they are being judged.
 * `law` is a function of history and row alone (a coin, as XTC's, is keyed by position), so a position that is judged
 * again after `rewind` gets the same law.
 */
export interface Sampler {
  /** Tokens in the history; also the position of the next token. */
  readonly length: number;
  /** The law of the token at position `length`. May use `row` as scratch but leaves it as it was. */
  law(row: Row): Distribution;
  /** Appends a token to the history. */
  push(token: Token): void;
  /** Drops the history from `length` on. */
  rewind(length: number): void;
}
