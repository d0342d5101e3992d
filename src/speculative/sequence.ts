import type { Token } from './distribution.js';

/** The logits of one position, one per token of the vocabulary, as the kernels left them. */
export type Row = Float32Array;

/**
 * One mutable timeline of one model: the tokens that its cache holds, in order.
 *
 * Whoever writes a drafter or the loop sees nothing of batches or caches: requests of several sequences are gathered
 * underneath, and caches that cannot be trimmed are evaluated again inside `rewind`'s promise to the next `evaluate`.
 */
export interface Sequence {
  /** Tokens in the timeline. */
  readonly length: number;
  /** The most tokens the timeline can hold. */
  readonly capacity: number;

  /**
   * Appends `tokens` and evaluates them; `read` sees the logits of the last `rows` of them, in order (0 <= rows <=
   * tokens.length). Rows are lent: they belong to the kernels and are valid only inside `read`, which must not await.
   * What `read` returns is the result. A call that throws leaves `length` as it was.
   *
   * @throws OutriderError `context_exceeded` when the tokens do not fit, `aborted`, `backend_failed`
   */
  evaluate<T>(tokens: readonly Token[], rows: number, read: (rows: readonly Row[]) => T): Promise<T>;

  /** Forgets everything from position `length` on (0 <= length <= this.length). Takes effect before the next evaluation. */
  rewind(length: number): void;

  /** Gives the cache back. Idempotent; the sequence is unusable afterwards. */
  close(): void;
}
