import type { Row } from '../speculative/index.js';
import type { Pairs } from './sort.js';

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

/**
 * Writes the `count` greatest logits above -Infinity to `top`, in descending order, equal ones in order of id, and
 * returns how many there are. Of equal logits at the border the lower ids stay (llama.cpp leaves that to std::partial_sort).
 *
 * The best so far are a heap with the least of them at its root, so that one comparison dismisses almost every logit.
 */
export function selectTop(row: Row, count: number, top: Pairs): number {
  const { ids, keys } = top;
  let length = 0;
  let next = 0;
  for (; next < row.length && length < count; next++) {
    if (!(row[next]! > Number.NEGATIVE_INFINITY)) continue;
    ids[length] = next;
    keys[length] = row[next]!;
    length++;
  }
  for (let i = (length >> 1) - 1; i >= 0; i--) sift(top, i, length, keys[i]!, ids[i]!);
  improveHeap(top, length, row, next);
  for (let last = length - 1; last > 0; last--) {
    const key = keys[last]!;
    const id = ids[last]!;
    keys[last] = keys[0]!;
    ids[last] = ids[0]!;
    sift(top, 0, last, key, id);
  }
  return length;
}

/**
 * Lets every logit from `next` on that exceeds the least of the heap take its place. A function of its own because V8
 * compiles a hot loop for its first calls without what comes after it, and then falls out of that code call after call.
 */
function improveHeap(top: Pairs, length: number, row: Row, next: number): void {
  const { keys } = top;
  let bound = keys[0]!;
  for (let start = next; start < row.length; start += GROUP) {
    const end = start + GROUP;
    if (end <= row.length && !groupExceeds(row, start, bound)) continue;
    for (let i = start; i < Math.min(end, row.length); i++) {
      if (!(row[i]! > bound)) continue;
      sift(top, 0, length, row[i]!, i);
      bound = keys[0]!;
    }
  }
}

/** Puts a pair in the place `hole` of a heap, or below it; every pair is one that comes after its children in the order. */
function sift({ ids, keys }: Pairs, hole: number, length: number, key: number, id: number): void {
  let child = 2 * hole + 1;
  while (child < length) {
    if (child + 1 < length && isAfter(keys[child + 1]!, ids[child + 1]!, keys[child]!, ids[child]!)) child++;
    if (!isAfter(keys[child]!, ids[child]!, key, id)) break;
    keys[hole] = keys[child]!;
    ids[hole] = ids[child]!;
    hole = child;
    child = 2 * hole + 1;
  }
  keys[hole] = key;
  ids[hole] = id;
}

/** Whether the first pair comes after the second one: descending by key, ascending by id. */
function isAfter(key: number, id: number, otherKey: number, otherId: number): boolean {
  return key < otherKey || (key === otherKey && id > otherId);
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

/** The histogram of `weighDown`: buckets a nat, and nats below the peak that it covers. */
const RESOLUTION = 8;
const DEPTH = 32;

/**
 * The sum of exp((logit - peak) / divisor) over a row, and a logit such that those from there on have at least the share
 * `mass` of it, and hardly more of them than needed. `peak` is the row's greatest logit.
 */
export function weighDown(row: Row, peak: number, divisor: number, mass: number): { sum: number; floor: number } {
  const buckets = new Float64Array(RESOLUTION * DEPTH + 1);
  const sum = weighInto(buckets, row, peak, divisor);
  let covered = 0;
  for (let bucket = 0; bucket < RESOLUTION * DEPTH; bucket++) {
    covered += buckets[bucket]!;
    // One bucket more, so that a logit on the edge that rounding put on the wrong side cannot be missed.
    if (covered >= mass * sum) return { sum, floor: peak - ((bucket + 2) / RESOLUTION) * divisor };
  }
  return { sum, floor: Number.NEGATIVE_INFINITY };
}

/** Standard deviation of those of the first `length` logits that are above -Infinity. */
export function deviationOf(logits: Row | Float64Array, length: number): number {
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
  return Math.sqrt(Math.max(0, squares / count - mean * mean));
}

/** Adds the weight of each logit to the bucket of its depth below the peak, and returns their sum. */
function weighInto(buckets: Float64Array, row: Row, peak: number, divisor: number): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const depth = (peak - row[i]!) / divisor;
    // Not so for -Infinity and NaN.
    if (!(depth < Number.MAX_VALUE)) continue;
    const weight = Math.exp(-depth);
    sum += weight;
    buckets[depth < DEPTH ? Math.floor(depth * RESOLUTION) : RESOLUTION * DEPTH]! += weight;
  }
  return sum;
}
