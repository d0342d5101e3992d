import { commonLength, type Token } from '../speculative/index.js';
import { type RowClass, STRICT_CHUNK } from './row-class.js';

/** A text in a cache, or one that is about to be: its first `promptLength` tokens are evaluated as a prompt. */
export interface CacheText {
  readonly tokens: readonly Token[];
  readonly promptLength: number;
}

/** How many leading tokens of `wanted` need no evaluation where the cells of `kept` are. */
export type Reuse = (kept: CacheText, wanted: CacheText) => number;

/**
 * All that two texts have in common, but for the last token of the wanted one, whose logits somebody wants to see. Strict
 * passes take only cells that a fresh evaluation would fill with the same bits: whole prompt chunks, since a shorter one
 * may take another kernel; behind them, what was generated after the very same prompt.
 *
 * @param batch the most rows of a pass of the context
 */
export function reuseOf(rowClass: RowClass, batch: number): Reuse {
  const shared: Reuse = (kept, wanted) => Math.min(commonLength(kept.tokens, wanted.tokens), wanted.tokens.length - 1);
  if (rowClass.kind === 'free') return (kept, wanted) => Math.max(0, shared(kept, wanted));
  const chunk = Math.min(STRICT_CHUNK, batch);
  return (kept, wanted) => {
    const most = Math.max(0, shared(kept, wanted));
    if (kept.promptLength === wanted.promptLength && most >= wanted.promptLength) return most;
    const inPrompts = Math.min(most, kept.promptLength, wanted.promptLength);
    return inPrompts - (inPrompts % chunk);
  };
}
