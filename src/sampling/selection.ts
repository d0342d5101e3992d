import type { Row } from '../speculative/index.js';
import type { Pairs } from './sort.js';
import { sortDescending } from './sort.js';

/*
 * Scans of a whole row. They look at eight logits at a time because the common case, none of the eight matters, is then
 * one predictable branch: 0.5 ns a logit instead of 1.2. Comparisons are written so that NaN never passes.
 */
const GROUP = 8;

function groupReaches(row: Row, i: number, floor: number): boolean {
  return (
    row[i]! >= floor ||
    row[i + 1]! >= floor ||
    row[i + 2]! >= floor ||
    row[i + 3]! >= floor ||
    row[i + 4]! >= floor ||
    row[i + 5]! >= floor ||
    row[i + 6]! >= floor ||
    row[i + 7]! >= floor
  );
}

function groupExceeds(row: Row, i: number, bound: number): boolean {
  return (
    row[i]! > bound ||
    row[i + 1]! > bound ||
    row[i + 2]! > bound ||
    row[i + 3]! > bound ||
    row[i + 4]! > bound ||
    row[i + 5]! > bound ||
    row[i + 6]! > bound ||
    row[i + 7]! > bound
  );
}

/** The greatest logit, -Infinity where there is none. */
export function greatest(row: Row): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let start = 0; start < row.length; start += GROUP) {
    const end = start + GROUP;
    if (end <= row.length && !groupExceeds(row, start, best)) continue;
    for (let i = start; i < Math.min(end, row.length); i++) if (row[i]! > best) best = row[i]!;
  }
  return best;
}

/** How many pairs `selectTop` needs room for. */
export function roomForTop(count: number): number {
  return 4 * count + 32;
}

/**
 * Writes the `count` greatest logits above -Infinity to `top`, in descending order, equal ones in order of id, and
 * returns how many there are. Of equal logits at the border the lower ids stay (llama.cpp leaves that to std::partial_sort).
 *
 * Whatever exceeds the least of the best `count` so far is collected; when the room is full, it is sorted and cut to
 * `count`. So each cut serves for a stretch of the row that grows geometrically.
 */
export function selectTop(row: Row, count: number, top: Pairs, scratch: Pairs): number {
  const { ids, keys } = top;
  const room = roomForTop(count);
  let bound = Number.NEGATIVE_INFINITY;
  let length = 0;
  for (let start = 0; start < row.length; start += GROUP) {
    const end = start + GROUP;
    if (end <= row.length && !groupExceeds(row, start, bound)) continue;
    for (let i = start; i < Math.min(end, row.length); i++) {
      const logit = row[i]!;
      if (!(logit > bound)) continue;
      ids[length] = i;
      keys[length] = logit;
      length++;
      if (length < room) continue;
      sortDescending(top, length, scratch);
      length = count;
      bound = keys[count - 1]!;
    }
  }
  sortDescending(top, length, scratch);
  return Math.min(length, count);
}

/** Writes the logits that are at least `floor` (and above -Infinity) to `kept`, in order of id; returns how many. */
export function selectFrom(row: Row, floor: number, kept: Pairs): number {
  const { ids, keys } = kept;
  const least = Math.max(floor, -Number.MAX_VALUE);
  let length = 0;
  for (let start = 0; start < row.length; start += GROUP) {
    const end = start + GROUP;
    if (end <= row.length && !groupReaches(row, start, least)) continue;
    for (let i = start; i < Math.min(end, row.length); i++) {
      const logit = row[i]!;
      if (!(logit >= least)) continue;
      ids[length] = i;
      keys[length] = logit;
      length++;
    }
  }
  return length;
}

/** Mean and standard deviation of the logits above -Infinity. */
export function spreadOf(logits: Row | Float64Array, length: number): { mean: number; deviation: number } {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < length; i++) {
    const logit = logits[i]!;
    if (!(logit > Number.NEGATIVE_INFINITY)) continue;
    count++;
    sum += logit;
    squares += logit * logit;
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}
