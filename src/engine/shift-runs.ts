import type { Token } from '../speculative/index.js';
import type { CellRange } from './backend.js';

/** Shorter runs agree by chance (names, formulas of a chat template), and of small models turning keys costs no less. */
export const LEAST_RUN = 32;

/**
 * Where a text goes on in one that is cached, when parts of that were cut out: each run begins where the last one ends in
 * `wanted`, and behind it in `kept`; of several the longest is taken, of equal ones the first. The runs cover `wanted` from
 * `head` on without a hole, since a cache can only be added to at its end: tokens that are new in the middle end them.
 *
 * Linear in both texts for each run that is found.
 *
 * @param head leading tokens that are the same in both
 * @param most how many tokens of `wanted` may be covered
 */
export function shiftRuns(
  kept: readonly Token[],
  wanted: readonly Token[],
  head: number,
  most = wanted.length,
): readonly CellRange[] {
  const runs: CellRange[] = [];
  let from = head;
  for (let covered = head; Math.min(most - covered, kept.length - from) >= LEAST_RUN; ) {
    const run = longestPrefix(wanted.slice(covered, most), kept, from);
    if (run.length < LEAST_RUN) break;
    runs.push(run);
    covered += run.length;
    from = run.from + run.length;
  }
  return runs;
}

/** The longest beginning of `pattern` that stands anywhere in `text` from `start` on: the Z algorithm (Gusfield 1997, 1.4). */
function longestPrefix(pattern: readonly Token[], text: readonly Token[], start: number): CellRange {
  const lengths = prefixLengths(pattern);
  let best = { from: start, length: 0 };
  // The match that reaches furthest: from `left` to before `right`.
  let left = start;
  let right = start;
  for (let i = start; i < text.length && text.length - i > best.length; i++) {
    let length = i < right ? Math.min(right - i, lengths[i - left]!) : 0;
    if (i + length >= right) {
      while (length < pattern.length && i + length < text.length && text[i + length] === pattern[length]) length++;
      left = i;
      right = i + length;
    }
    if (length > best.length) best = { from: i, length };
  }
  return best;
}

/** For each position of a text, how many tokens from there on are those of its beginning. */
function prefixLengths(text: readonly Token[]): Int32Array {
  const lengths = new Int32Array(text.length);
  lengths[0] = text.length;
  let left = 0;
  let right = 0;
  for (let i = 1; i < text.length; i++) {
    let length = i < right ? Math.min(right - i, lengths[i - left]!) : 0;
    if (i + length >= right) {
      while (i + length < text.length && text[i + length] === text[length]) length++;
      left = i;
      right = i + length;
    }
    lengths[i] = length;
  }
  return lengths;
}
