import { commonLength, type Token } from '../speculative/index.js';
import type { CellRange, Context } from './backend.js';
import { type RowClass, STRICT_CHUNK } from './row-class.js';
import { shiftRuns } from './shift-runs.js';

/** A text in a cache, or one that is about to be: its first `promptLength` tokens are evaluated as a prompt. */
export interface CacheText {
  readonly tokens: readonly Token[];
  readonly promptLength: number;
  /** Leading tokens whose cells are those of an evaluation of this very text; default all. Behind them cells were moved. */
  readonly inPlace?: number;
}

/** `in place`: only cells that were evaluated at their position; `shifted`: those that stand behind a cut, too. */
export type ReuseKind = 'in place' | 'shifted';

export interface WantedText extends CacheText {
  readonly reuse: ReuseKind;
}

/** The cells of one text that are the beginning of another. */
export interface Reusable {
  /** Where they stand in the first; one behind the other they are the beginning of the other. */
  readonly ranges: readonly CellRange[];
  /** Tokens in them. */
  readonly length: number;
  /** Leading tokens of them that are in place, as CacheText has it. */
  readonly inPlace: number;
}

export const NOTHING: Reusable = { ranges: [], length: 0, inPlace: 0 };

/** What of the cells of `kept` needs no evaluation for `wanted`. */
export type Reuse = (kept: CacheText, wanted: WantedText) => Reusable;

/**
 * What two texts have in common, but for the last token of the wanted one, whose logits somebody wants to see. Strict
 * passes take only cells that a fresh evaluation would fill with the same bits: whole prompt chunks, since a shorter one
 * may take another kernel; behind them, what was generated after the very same prompt.
 */
export function reuseOf(rowClass: RowClass, { batch, canShift }: Pick<Context, 'batch' | 'canShift'>): Reuse {
  if (rowClass.kind === 'free') {
    return (kept, wanted) => {
      const head = headOf(kept, wanted);
      return canShift && wanted.reuse === 'shifted' ? withRuns(kept, wanted, head) : startOf(kept, head);
    };
  }
  const chunk = Math.min(STRICT_CHUNK, batch);
  return (kept, wanted) => {
    const most = headOf(kept, wanted);
    if (kept.promptLength === wanted.promptLength && most >= wanted.promptLength) return startOf(kept, most);
    const inPrompts = Math.min(most, kept.promptLength, wanted.promptLength);
    return startOf(kept, inPrompts - (inPrompts % chunk));
  };
}

/** The position behind the last cell that is used. */
export function endOf({ ranges }: Reusable): number {
  const last = ranges.at(-1);
  return last === undefined ? 0 : last.from + last.length;
}

/** Whether cells have to move. */
export function isMoved({ ranges }: Reusable): boolean {
  return ranges.length > 1 || (ranges[0] !== undefined && ranges[0].from > 0);
}

function headOf(kept: CacheText, wanted: WantedText): number {
  const common = Math.min(commonLength(kept.tokens, wanted.tokens), wanted.tokens.length - 1);
  const most = wanted.reuse === 'shifted' ? common : Math.min(common, kept.inPlace ?? common);
  return Math.max(0, most);
}

function startOf({ inPlace = Number.POSITIVE_INFINITY }: CacheText, length: number): Reusable {
  if (length === 0) return NOTHING;
  return { ranges: [{ from: 0, length }], length, inPlace: Math.min(length, inPlace) };
}

/**
 * The runs are taken where with them most of the wanted text is there: one that only quotes another text shall not be read in
 * the light of what else stood in that.
 */
function withRuns(kept: CacheText, { tokens }: WantedText, head: number): Reusable {
  const start = startOf(kept, head);
  const runs = shiftRuns(kept.tokens, tokens, head, tokens.length - 1);
  const length = runs.reduce((sum, run) => sum + run.length, head);
  if (runs.length === 0 || 2 * length < tokens.length) return start;
  return { ranges: [...start.ranges, ...runs], length, inPlace: start.inPlace };
}
